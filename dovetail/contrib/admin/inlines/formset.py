"""The public base class of formsets of inlines, from which plugins may derive their own."""

from collections.abc import Sequence

from dovetail.contrib.admin.inlines import saving
from dovetail.contrib.admin.inlines.formset_base import FormSetBase


class InlineFormSet(FormSetBase):
    """A formset with the rows of one object; `get_formset` of the inline derives a class from it for each form.

    Override `clean` to check rows together, and raise a ValidationError of WTForms to refuse them.

        class SharesFormSet(InlineFormSet):
            def clean(self):
                if sum(row.form["share"].data or 0 for row in self.kept_rows) > 100:
                    raise ValidationError("The shares are more than 100 %.")
    """

    async def save(self, *, commit: bool = True) -> Sequence[object]:
        """Save the rows, and return the objects that were added or changed.

        With `commit=False` nothing is written: set further attributes of the returned objects, then call `save()`.
        """
        if commit:
            await saving.save([self])
            await self._save_parts()
        else:
            await saving.prepare([self])
        return [*self.new_objects, *self.changed_objects]

    async def _save_parts(self) -> None:
        groups: dict[object, list[InlineFormSet]] = {}
        for row in self.kept_rows:
            for part in self.parts.get(row.prefix, ()):
                part.instance = row.obj if row.made is None else row.made
                groups.setdefault(part.inline, []).append(part)
        for group in groups.values():
            await saving.save(group)
