"""The languages in which statements are made."""

from reports.language import Language
from reports.languages import de, en, it

LANGUAGES: tuple[Language, ...] = (en.LANGUAGE, de.LANGUAGE, it.LANGUAGE)
