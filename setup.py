"""What pyproject.toml cannot say: Muster's dbt files are installed beside its modules."""

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py

NOT_SHIPPED = ignore_patterns("segments", "staging", "workspace", "target", "logs", ".*")


class WithDbtFiles(build_py):
    """In an editable install they are read where they stand."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            into = Path(self.build_lib) / "orchestration" / "dbt_project"
            copytree(Path(__file__).parent / "dbt_project", into, ignore=NOT_SHIPPED, dirs_exist_ok=True)


setup(cmdclass={"build_py": WithDbtFiles})
