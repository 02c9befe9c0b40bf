from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from tests.contrib.admin.polls.models import Choice, Question


class ChoiceInline(TabularInline, model=Choice):
    fields = ("choice_text", "votes")
    extra = 3


class QuestionAdmin(ModelAdmin, model=Question):
    fieldsets = (
        (None, {"fields": ("question_text",)}),
        ("Date information", {"fields": ("pub_date",), "classes": ("collapse",)}),
    )
    inlines = (ChoiceInline,)
    list_display = ("question_text", "pub_date", "was_published_recently")
    list_filter = ("pub_date",)
    search_fields = ("question_text",)
