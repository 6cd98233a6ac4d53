"""The statement in English. Explanations of reasons are those of the other pages."""

from reports.language import Language
from reports.languages.en_names import NAMES
from reports.reasons import REASONS

TEXTS = {
    # The page
    "title": "What the balance did",
    "lead": "Who is in this data set, whom the filters turned down, what balancing was asked to do, what it "
    "reached, and what nobody knows.",
    "skip": "Skip to the content",
    "sections": "Sections",
    "other_languages": "Other languages",
    "other_pages": "Other pages",
    "page_bias": "Who is in the data (English)",
    "page_datasheet": "Datasheet (English)",
    "page_governance": "Data governance (English)",
    "more_rows": "More rows of this table, which are not shown here:",
    "no_rows": "There is nothing to show here.",
    "no_network": "Nothing on this page is loaded from a network.",
    "interval": "{low} to {high}",
    # Sections
    "section.what": "What this is",
    "section.sources": "Sources",
    "section.population": "Who is in the data set",
    "section.filters": "What each filter does to which group",
    "section.asked": "What was asked of balancing",
    "section.reached": "What was reached",
    "section.dropped": "Who was left out, and by which rule",
    "section.unmeasured": "What was not measured",
    "section.limits": "Limits",
    "section.check": "How to check this",
    # Tables
    "table.identity": "Which run and which data this is about",
    "table.licences": "Accepted clips by licence as declared",
    "table.consents": "Accepted clips by consent as declared",
    "table.bases": "Accepted clips by the declared legal basis",
    "table.scopes": "Accepted clips by the declared uses",
    "table.refused": "Whole files that were refused",
    "table.groups": "Groups by {attribute}",
    "table.compared": "Declared and perceived groups",
    "table.effects": "Filters and groups",
    "table.asked": "Shares and amounts that were asked for",
    "table.targets": "Asked and reached",
    "table.splits": "The parts of the data set",
    "table.dropped": "Clips by the rule that turned them down",
    "table.dropped_groups": "Clips turned down, by rule and group",
    "table.spans": "Time in which no clip could be cut",
    "table.unknown": "Clips of the data set of which a group is not known",
    "table.warnings": "Groups that are missing or hardly ever drawn in training",
    # Columns
    "column.field": "What",
    "column.value": "Value",
    "column.licence": "Licence",
    "column.consent": "Consent",
    "column.basis": "Legal basis",
    "column.scope": "Uses",
    "column.files": "Files",
    "column.clips": "Clips",
    "column.people": "People",
    "column.length": "Length",
    "column.reason": "Reason",
    "column.meaning": "Meaning",
    "column.group": "Group",
    "column.cut": "Clips before the filters",
    "column.passed": "After the filters",
    "column.kept": "In the data set",
    "column.declared_of_these": "of these declared",
    "column.share_95": "Share, 95 % interval",
    "column.drawn": "Share as drawn in training",
    "column.attribute": "Attribute",
    "column.declared": "Declared as",
    "column.perceived": "Perceived as",
    "column.filter": "Filter",
    "column.turned_down": "Turned down",
    "column.rate_95": "Rate, 95 % interval",
    "column.rest": "Rate of the others",
    "column.ratio_95": "Times as often, 95 % interval",
    "column.p_holm": "p (Holm)",
    "column.finding": "Finding",
    "column.split": "Part",
    "column.target": "What",
    "column.wanted": "Asked for",
    "column.before": "Before balancing",
    "column.as_drawn": "As drawn",
    "column.reached": "Reached",
    "column.in_the_way": "What is in the way",
    "column.worth_clips": "Worth as many clips",
    "column.worth_people": "Worth as many people",
    "column.weights": "Sampling weights",
    "column.known": "Known and shown",
    "column.unknown": "Could not be told",
    "column.not_measured": "Nobody looked",
    "column.problem": "Finding",
    "column.spans_number": "Spans",
    # Tables of the datasheet and of the page on governance, which are in English alone
    "table.rules": "Rules in force",
    "table.stages": "What each stage does",
    "table.associations": "What goes with what in the data set (Cramér's V of 0.1 or more, strongest first)",
    "column.bounds": "Accepts",
    "column.stage": "Stage",
    "column.does": "What it does",
    "column.code": "Code version",
    "column.models": "Models for",
    "column.with": "With",
    "column.cramers_v": "Cramér's V, 95 % interval",
    "column.advice": "What helps",
    # Words in cells
    "hidden": "hidden",
    "hidden_groups": "Not shown by themselves, because few people belong to them: {groups}.",
    "not_declared": "nothing declared",
    "together": "{names} (together, few people each)",
    "not_named": "not given by the publisher",
    "dataset": "Data set",
    "publisher": "Publisher",
    "settings": "Hash of the settings (run.json)",
    "fingerprint": "Fingerprint of the data (SHA-256)",
    "n_of_m": "{n} of {m}",
    "takes_more": "turns down more of this group than chance explains",
    "explained": "explained by another group to which many of these people belong",
    "not_more": "no more than chance explains",
    "all_splits": "all",
    "yes": "yes",
    "no": "no",
    "quota_max": "at most, of {group}",
    "quota_min": "at least, of {group}",
    "equal_shares": "all groups that occur equally often",
    "others_drop": "all groups that are not named: left out",
    "problem_absent": "nobody of this group",
    "problem_near_zero": "hardly ever drawn",
    "no_clip_has": "no clip has {group}",
    "no_clip_known": "of no clip is {group} known",
    "others_missed": "drawn as asked, but other groups of the same target are not",
    "limited_by": "the size is limited by {group}",
    "weight_binds": "the bound on weights ({bound} {value}) holds back {group}",
    "not_together": "the clips that there are cannot meet it together with {group}",
    "only_came": "only {value} {unit} came to balancing",
    "took_others": "caps, maxima or the selection for other targets took the others",
    # Sentences
    "what.generated": "This statement was generated by Mentor {version} from the tables of one curation "
    "run. Nobody "
    "edited it; the same tables give the same statement. It describes the data set and is no legal opinion.",
    "sources.files": "{files} files were given to the run. {videos} of them were read as videos, {length} "
    "in all.",
    "sources.files.one": "{files} file was given to the run. Videos read: {videos}, {length} in all.",
    "sources.failed": "In {failed} cases something could not be processed, for example because a file was "
    "damaged; "
    "these cases are listed in the table of failures.",
    "sources.day": "The declared consents and terms were judged as of {day} (UTC).",
    "sources.declared": "Licence and consent are shown as the person who ran Mentor declared them. Mentor "
    "does not "
    "verify them. Licences or words of consent that concern few people are shown together.",
    "sources.refused": "{files} whole files were refused; nothing of them is in the data set:",
    "sources.refused.one": "{files} whole file was refused; nothing of it is in the data set:",
    "sources.none_refused": "No whole file was refused.",
    "population.size": "The data set holds {clips} clips of {people} people, {length} in all.",
    "population.labels": "A group is either declared, in the list of files, or perceived, i.e. estimated "
    "by a model "
    "from pictures and sound. A declaration always takes precedence. A perceived group says how a model "
    "sees a "
    "person, not who that person is. Shares refer to clips whose group is known; their intervals treat "
    "people, not "
    "clips, as the units. "
    "“Hidden” stands for numbers about few people.",
    "population.none": "No group was declared or perceived, so nothing can be said about who is in the "
    "data set.",
    "population.measured": "A population for comparison was given: {source}. The comparison is on the page "
    "on bias.",
    "population.compared": "Where a group was both declared and perceived, the declaration was used. So "
    "many people "
    "were declared and perceived as follows:",
    "filters.none": "No filter could be compared between groups: nothing was turned down, or too few "
    "people are "
    "known.",
    "filters.tested": "For each filter and each group it was tested whether the filter turns down more of "
    "the group "
    "than of everyone else whose group is known. People, not clips, were the units. There were {tests} "
    "such tests; "
    "the chance that even one of them raises a false alarm is {alpha} (Holm's correction).",
    "filters.tested.one": "For each filter and each group it was tested whether the filter turns down more "
    "of the "
    "group than of everyone else whose group is known. People, not clips, were the units. There was "
    "{tests} such "
    "test; the chance that it raises a false alarm is {alpha}.",
    "filters.found": "Tests that found more than chance explains: {flags}. They come first in the table.",
    "filters.nothing_found": "None of the tests found more than chance explains. This does not show that "
    "there is no "
    "difference: with few people only large differences can be found.",
    "asked.nothing": "Nothing was asked of balancing. Every clip that the filters left is in the data set, "
    "with the "
    "same weight.",
    "asked.max_clips_per_person": "No person may have more than {n} clips.",
    "asked.max_clips_per_person.one": "No person may have more than {n} clip.",
    "asked.max_seconds_per_person": "No person may have more than {n} of material.",
    "asked.max_clips_per_source": "No source file may give more than {n} clips.",
    "asked.max_clips_per_source.one": "No source file may give more than {n} clip.",
    "asked.max_seconds_per_source": "No source file may give more than {n} of material.",
    "asked.wanted": "The following shares and amounts were asked for. Shares that do not add up to one are "
    "scaled; "
    "groups that are not named keep the share that they have, unless it says otherwise.",
    "asked.method_weight": "Shares are met by sampling weights: clips of some groups are drawn more often "
    "in training, "
    "and no clip is removed for it.",
    "asked.method_subsample": "Shares are met by selection: the largest set of clips that meets them is "
    "kept, the "
    "other clips are left out.",
    "asked.weights": "No clip is drawn less often than {low} times or more often than {high} times the "
    "average.",
    "reached.all": "All {asked} shares and amounts that were asked for were reached.",
    "reached.missed": "{missed} of {asked} shares and amounts that were asked for were not reached. Each "
    "part of the "
    "data set is balanced by itself, so small parts may lack whole groups.",
    "reached.nothing": "No shares and no amounts were asked for, so there is nothing to compare.",
    "reached.erased": "Clips were erased after balancing, and nothing was balanced anew. So it is not known "
    "what was reached, nor which groups are missing.",
    "reached.worth": "Weights show the same people more often; they do not add people. The table says how "
    "many clips "
    "and people of equal weight the weighted data are worth (Kish's effective sample size).",
    "dropped.none": "No clip was turned down.",
    "dropped.clips": "{dropped} of {clips} clips were turned down, {balanced} of them by balancing. Each "
    "is in the "
    "table of rejections with the rule, the measured value and the threshold.",
    "dropped.groups": "By group, as far as no small group would be shown:",
    "dropped.spans": "In addition, {spans} spans of the files could not become clips at all:",
    "dropped.spans.one": "In addition, {spans} span of the files could not become a clip at all:",
    "unmeasured.never": "Nobody's ethnic origin, religion, health, disability, sexual orientation, income "
    "or place of "
    "residence was estimated. Such properties are known only where the list of files declares them.",
    "unmeasured.unused": "Declarations of people's properties that could not be used and count as unknown: "
    "{cells}.",
    "unmeasured.tool": "Not available in this run: {tool} ({purpose}).",
    "unmeasured.warned": "Groups that occur in the material and are missing or nearly missing in training:",
    "limits.perceived": "Perceived groups are estimates. They must not be taken for a person's identity "
    "and do not "
    "replace asking that person.",
    "limits.estimators": "Estimators err, and err more often for some groups than for others. Where their "
    "errors were "
    "measured, the page on bias shows corrected numbers; elsewhere the numbers are as estimated.",
    "limits.people": "Intervals and tests treat people as units: recognised identities, otherwise declared "
    "speakers, "
    "otherwise video files.",
    "limits.persons_linked": "Where one person appears in several files and was not recognised as one, "
    "results look "
    "more certain than they are.",
    "limits.holm": "That no difference was found does not mean that there is none.",
    "limits.why": "A finding says that a filter turns down more of a group, not why. The filter may "
    "measure something "
    "real, such as dark pictures, that affects some people more often.",
    "limits.weights": "Balancing changes how often people are drawn. It does not repair what is missing in "
    "the sources.",
    "limits.legal": "Whether a consent, a licence or another legal basis is valid is not examined here. "
    "Balanced data "
    "do not by themselves make a system lawful or fair.",
    "limits.outside": "The statement speaks of this data set alone, not of a model that is trained on it, "
    "and not of "
    "how such a model is used.",
    "limits.hidden": "No number about fewer than {least} people is shown, and none can be derived from the "
    "numbers "
    "shown. Such groups are counted together or marked as hidden.",
    "limits.nothing_hidden": "No small groups are hidden here, because the settings switch this off. This "
    "statement is "
    "not meant for publication.",
    "check.how": "The fingerprint is the SHA-256 of the list of all shards, indices and tables with their "
    "hashes, as "
    "the program sha256sum prints it. It is the identifier in croissant.json as well. Whoever computes it "
    "anew knows "
    "whether this statement belongs to the data at hand.",
    "check.tables": "All numbers come from run.json and from the tables bias_cells, funnel, representation, "
    "balance_targets, balance_splits, balance_warnings, declared_perceived, unused_declarations, "
    "rejections, failures, "
    "videos and clips in the folder of tables.",
    "check.more": "The command “lint” checks whether tables, samples and hashes agree with each other.",
}

LANGUAGE = Language(
    code="en", name="English", decimal=".", thousands=",", texts=TEXTS, names=NAMES, explained=REASONS
)
