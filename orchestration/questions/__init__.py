"""Questions put straight to the warehouse's tables, by the inline rendering: nothing is written, dbt is not needed."""

from orchestration.questions.counting import Answer, Places, QuestionError, Questions, ask

__all__ = ["Answer", "Places", "QuestionError", "Questions", "ask"]
