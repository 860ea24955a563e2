"""The commands, by what they are about; each module has an `app` of them, and `orchestration.cli` joins those."""
