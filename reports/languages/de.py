"""The statement in German."""

from reports.language import Language
from reports.languages.de_names import EXPLAINED, NAMES

TEXTS = {
    # Die Seite
    "title": "Was der Ausgleich bewirkt hat",
    "lead": "Wer in diesem Datensatz vertreten ist, wen die Filter zurückgewiesen haben, was der Ausgleich "
    "leisten "
    "sollte, was er erreicht hat und was niemand weiß.",
    "skip": "Zum Inhalt springen",
    "sections": "Abschnitte",
    "other_languages": "Andere Sprachen",
    "other_pages": "Andere Seiten",
    "page_bias": "Wer in den Daten ist (englisch)",
    "page_datasheet": "Datenblatt (englisch)",
    "page_governance": "Daten-Governance (englisch)",
    "more_rows": "Weitere Zeilen dieser Tabelle, die hier nicht gezeigt werden:",
    "no_rows": "Hier gibt es nichts zu zeigen.",
    "no_network": "Diese Seite lädt nichts aus einem Netz.",
    "interval": "{low} bis {high}",
    # Abschnitte
    "section.what": "Worum es sich handelt",
    "section.sources": "Quellen",
    "section.population": "Wer im Datensatz ist",
    "section.filters": "Was jeder Filter bei welcher Gruppe bewirkt",
    "section.asked": "Was vom Ausgleich verlangt wurde",
    "section.reached": "Was erreicht wurde",
    "section.dropped": "Wer wegfiel, und durch welche Regel",
    "section.unmeasured": "Was nicht gemessen wurde",
    "section.limits": "Grenzen",
    "section.check": "Wie sich das prüfen lässt",
    # Tabellen
    "table.identity": "Von welchem Lauf und welchen Daten die Rede ist",
    "table.licences": "Aufgenommene Clips nach der angegebenen Lizenz",
    "table.consents": "Aufgenommene Clips nach der angegebenen Einwilligung",
    "table.bases": "Aufgenommene Clips nach der angegebenen Rechtsgrundlage",
    "table.scopes": "Aufgenommene Clips nach den angegebenen Verwendungen",
    "table.refused": "Ganze Dateien, die abgelehnt wurden",
    "table.groups": "Gruppen nach {attribute}",
    "table.compared": "Angegebene und wahrgenommene Gruppen",
    "table.effects": "Filter und Gruppen",
    "table.asked": "Verlangte Anteile und Mengen",
    "table.targets": "Verlangt und erreicht",
    "table.splits": "Die Teile des Datensatzes",
    "table.dropped": "Clips nach der Regel, die sie zurückgewiesen hat",
    "table.dropped_groups": "Zurückgewiesene Clips nach Regel und Gruppe",
    "table.spans": "Zeit, aus der kein Clip geschnitten werden konnte",
    "table.unknown": "Clips des Datensatzes, deren Gruppe nicht bekannt ist",
    "table.warnings": "Gruppen, die im Training fehlen oder kaum gezogen werden",
    # Spalten
    "column.field": "Angabe",
    "column.value": "Wert",
    "column.licence": "Lizenz",
    "column.consent": "Einwilligung",
    "column.basis": "Rechtsgrundlage",
    "column.scope": "Verwendungen",
    "column.files": "Dateien",
    "column.clips": "Clips",
    "column.people": "Personen",
    "column.length": "Länge",
    "column.reason": "Grund",
    "column.meaning": "Bedeutung",
    "column.group": "Gruppe",
    "column.cut": "Clips vor den Filtern",
    "column.passed": "Nach den Filtern",
    "column.kept": "Im Datensatz",
    "column.declared_of_these": "davon angegeben",
    "column.share_95": "Anteil, 95-%-Intervall",
    "column.drawn": "Anteil, wie im Training gezogen",
    "column.attribute": "Merkmal",
    "column.declared": "Angegeben als",
    "column.perceived": "Wahrgenommen als",
    "column.filter": "Filter",
    "column.turned_down": "Zurückgewiesen",
    "column.rate_95": "Quote, 95-%-Intervall",
    "column.rest": "Quote der übrigen",
    "column.ratio_95": "So viel Mal so oft, 95-%-Intervall",
    "column.p_holm": "p (Holm)",
    "column.finding": "Befund",
    "column.split": "Teil",
    "column.target": "Was",
    "column.wanted": "Verlangt",
    "column.before": "Vor dem Ausgleich",
    "column.as_drawn": "Wie gezogen",
    "column.reached": "Erreicht",
    "column.in_the_way": "Was im Weg steht",
    "column.worth_clips": "So viel wert wie … Clips",
    "column.worth_people": "So viel wert wie … Personen",
    "column.weights": "Gewichte beim Ziehen",
    "column.known": "Bekannt und gezeigt",
    "column.unknown": "Nicht zu erkennen",
    "column.not_measured": "Nicht untersucht",
    "column.problem": "Befund",
    "column.spans_number": "Abschnitte",
    # Wörter in Zellen
    "hidden": "verborgen",
    "hidden_groups": "Nicht einzeln gezeigt, weil ihnen nur wenige Personen angehören: {groups}.",
    "not_declared": "keine Angabe",
    "together": "{names} (zusammen, je wenige Personen)",
    "not_named": "vom Herausgeber nicht angegeben",
    "dataset": "Datensatz",
    "publisher": "Herausgeber",
    "settings": "Prüfsumme der Einstellungen (run.json)",
    "fingerprint": "Fingerabdruck der Daten (SHA-256)",
    "n_of_m": "{n} von {m}",
    "takes_more": "weist mehr aus dieser Gruppe zurück, als der Zufall erklärt",
    "explained": "erklärt durch eine andere Gruppe, zu der viele dieser Personen gehören",
    "not_more": "nicht mehr, als der Zufall erklärt",
    "all_splits": "alle",
    "yes": "ja",
    "no": "nein",
    "quota_max": "höchstens, von {group}",
    "quota_min": "mindestens, von {group}",
    "equal_shares": "alle vorkommenden Gruppen gleich oft",
    "others_drop": "alle nicht genannten Gruppen: weggelassen",
    "problem_absent": "niemand aus dieser Gruppe",
    "problem_near_zero": "kaum je gezogen",
    "no_clip_has": "kein Clip hat {group}",
    "no_clip_known": "von keinem Clip ist {group} bekannt",
    "others_missed": "wie verlangt gezogen, aber andere Gruppen desselben Ziels nicht",
    "limited_by": "die Größe ist begrenzt durch {group}",
    "weight_binds": "die Schranke der Gewichte ({bound} {value}) hält {group} zurück",
    "not_together": "mit den vorhandenen Clips nicht zugleich erreichbar mit {group}",
    "only_came": "nur {value} ({unit}) kamen zum Ausgleich",
    "took_others": "Obergrenzen oder die Auswahl für andere Ziele haben die übrigen ausgeschlossen",
    # Sätze
    "what.generated": "Diese Erklärung wurde von Mentor {version} aus den Tabellen eines einzigen Laufs "
    "erzeugt. "
    "Niemand hat sie bearbeitet; dieselben Tabellen ergeben dieselbe Erklärung. Sie beschreibt den "
    "Datensatz und ist "
    "kein Rechtsgutachten.",
    "sources.files": "Dem Lauf wurden {files} Dateien übergeben. Davon konnten {videos} als Videos gelesen "
    "werden, "
    "zusammen {length}.",
    "sources.files.one": "Dem Lauf wurde {files} Datei übergeben. Als Videos gelesen: {videos}, zusammen "
    "{length}.",
    "sources.failed": "In {failed} Fällen konnte etwas nicht verarbeitet werden, zum Beispiel weil eine "
    "Datei "
    "beschädigt war; diese Fälle stehen in der Tabelle der Fehler (failures).",
    "sources.failed.one": "In {failed} Fall konnte etwas nicht verarbeitet werden, zum Beispiel weil eine "
    "Datei "
    "beschädigt war; er steht in der Tabelle der Fehler (failures).",
    "sources.day": "Die angegebenen Einwilligungen und Bedingungen wurden nach dem Stand vom {day} (UTC) "
    "beurteilt.",
    "sources.declared": "Lizenz und Einwilligung stehen hier so, wie sie angegeben hat, wer Mentor "
    "ausgeführt hat. "
    "Mentor prüft sie nicht nach. Lizenzen und Angaben zur Einwilligung, die nur wenige Personen "
    "betreffen, sind "
    "zusammengefasst.",
    "sources.refused": "{files} ganze Dateien wurden abgelehnt; nichts davon ist im Datensatz:",
    "sources.refused.one": "{files} ganze Datei wurde abgelehnt; nichts davon ist im Datensatz:",
    "sources.none_refused": "Keine ganze Datei wurde abgelehnt.",
    "population.size": "Der Datensatz umfasst {clips} Clips von {people} Personen, zusammen {length}.",
    "population.labels": "Eine Gruppe ist entweder angegeben, nämlich in der Liste der Dateien, oder "
    "wahrgenommen, "
    "das heißt von einem Modell aus Bild und Ton geschätzt. Eine Angabe geht immer vor. Eine wahrgenommene "
    "Gruppe "
    "sagt, wie ein Modell eine Person sieht, nicht, wer diese Person ist. Anteile beziehen sich auf Clips, "
    "deren Gruppe "
    "bekannt ist; ihre Intervalle zählen Personen, nicht Clips, als Einheiten. "
    "„Verborgen“ steht für Zahlen über wenige Personen.",
    "population.none": "Keine Gruppe wurde angegeben oder wahrgenommen. Wer im Datensatz ist, lässt sich "
    "daher nicht "
    "sagen.",
    "population.measured": "Zum Vergleich wurde eine Bevölkerung angegeben: {source}. Der Vergleich steht "
    "auf der Seite "
    "„Wer in den Daten ist“.",
    "population.compared": "Wo eine Gruppe sowohl angegeben als auch wahrgenommen wurde, galt die Angabe. "
    "So viele "
    "Personen wurden wie folgt angegeben und wahrgenommen:",
    "filters.none": "Kein Filter konnte zwischen Gruppen verglichen werden: Nichts wurde zurückgewiesen, "
    "oder es sind "
    "zu wenige Personen bekannt.",
    "filters.tested": "Für jeden Filter und jede Gruppe wurde geprüft, ob der Filter aus der Gruppe mehr "
    "zurückweist als "
    "von allen übrigen, deren Gruppe bekannt ist. Einheiten waren Personen, nicht Clips. Es gab {tests} "
    "solche Tests; "
    "die Wahrscheinlichkeit, dass auch nur einer davon falschen Alarm gibt, beträgt {alpha} (Korrektur "
    "nach Holm).",
    "filters.tested.one": "Für jeden Filter und jede Gruppe wurde geprüft, ob der Filter aus der Gruppe "
    "mehr zurückweist "
    "als von allen übrigen, deren Gruppe bekannt ist. Einheiten waren Personen, nicht Clips. Es gab "
    "{tests} solchen "
    "Test; die Wahrscheinlichkeit, dass er falschen Alarm gibt, beträgt {alpha}.",
    "filters.found": "Tests, die mehr fanden, als der Zufall erklärt: {flags}. Sie stehen in der Tabelle "
    "zuoberst.",
    "filters.nothing_found": "Keiner der Tests fand mehr, als der Zufall erklärt. Das beweist nicht, dass "
    "es keinen "
    "Unterschied gibt: Bei wenigen Personen sind nur große Unterschiede zu finden.",
    "asked.nothing": "Vom Ausgleich wurde nichts verlangt. Jeder Clip, den die Filter übrig ließen, ist "
    "mit demselben "
    "Gewicht im Datensatz.",
    "asked.max_clips_per_person": "Keine Person darf mehr als {n} Clips haben.",
    "asked.max_clips_per_person.one": "Keine Person darf mehr als {n} Clip haben.",
    "asked.max_seconds_per_person": "Keine Person darf mehr als {n} Material haben.",
    "asked.max_clips_per_source": "Keine Quelldatei darf mehr als {n} Clips liefern.",
    "asked.max_clips_per_source.one": "Keine Quelldatei darf mehr als {n} Clip liefern.",
    "asked.max_seconds_per_source": "Keine Quelldatei darf mehr als {n} Material liefern.",
    "asked.wanted": "Folgende Anteile und Mengen wurden verlangt. Anteile, die zusammen nicht eins "
    "ergeben, werden "
    "umgerechnet; nicht genannte Gruppen behalten ihren Anteil, sofern nichts anderes vermerkt ist.",
    "asked.method_weight": "Anteile werden durch Gewichte erreicht: Clips mancher Gruppen werden im "
    "Training öfter "
    "gezogen; kein Clip wird dafür entfernt.",
    "asked.method_subsample": "Anteile werden durch Auswahl erreicht: Die größte Menge von Clips, die "
    "ihnen entspricht, bleibt; die übrigen Clips fallen weg.",
    "asked.weights": "Kein Clip wird seltener als das {low}-Fache oder öfter als das {high}-Fache des "
    "Durchschnitts gezogen.",
    "reached.all": "Alle {asked} verlangten Anteile und Mengen wurden erreicht.",
    "reached.missed": "{missed} von {asked} verlangten Anteilen und Mengen wurden nicht erreicht. Jeder "
    "Teil des "
    "Datensatzes wird für sich ausgeglichen; kleinen Teilen können daher ganze Gruppen fehlen.",
    "reached.missed.one": "{missed} von {asked} verlangten Anteilen und Mengen wurde nicht erreicht. Jeder "
    "Teil des "
    "Datensatzes wird für sich ausgeglichen; kleinen Teilen können daher ganze Gruppen fehlen.",
    "reached.nothing": "Es wurden weder Anteile noch Mengen verlangt; es gibt also nichts zu vergleichen.",
    "reached.erased": "Nach dem Ausgleich wurden Clips gelöscht, und es wurde nicht neu ausgeglichen. Was "
    "erreicht wurde und welche Gruppen fehlen, ist daher nicht bekannt.",
    "reached.worth": "Gewichte zeigen dieselben Personen öfter; sie fügen keine Personen hinzu. Die "
    "Tabelle sagt, wie "
    "vielen Clips und Personen gleichen Gewichts die gewichteten Daten entsprechen (effektiver "
    "Stichprobenumfang nach "
    "Kish).",
    "dropped.none": "Kein Clip wurde zurückgewiesen.",
    "dropped.clips": "{dropped} von {clips} Clips wurden zurückgewiesen, {balanced} davon durch den "
    "Ausgleich. Jeder "
    "steht mit Regel, Messwert und Schwelle in der Tabelle der Zurückweisungen (rejections).",
    "dropped.clips.one": "{dropped} von {clips} Clips wurde zurückgewiesen; durch den Ausgleich: "
    "{balanced}. Er steht "
    "mit Regel, Messwert und Schwelle in der Tabelle der Zurückweisungen (rejections).",
    "dropped.groups": "Nach Gruppen, soweit dadurch keine kleine Gruppe sichtbar wird:",
    "dropped.spans": "Außerdem konnten {spans} Abschnitte der Dateien gar nicht zu Clips werden:",
    "dropped.spans.one": "Außerdem konnte {spans} Abschnitt der Dateien gar nicht zu einem Clip werden:",
    "unmeasured.never": "Von niemandem wurden ethnische Herkunft, Religion, Gesundheit, Behinderung, "
    "sexuelle "
    "Orientierung, Einkommen oder Wohnort geschätzt. Solche Eigenschaften sind nur bekannt, wo die Liste "
    "der Dateien sie "
    "angibt.",
    "unmeasured.unused": "Angaben zu Eigenschaften von Personen, die sich nicht verwenden ließen und als "
    "unbekannt "
    "zählen: {cells}.",
    "unmeasured.tool": "In diesem Lauf nicht verfügbar: {tool} ({purpose}).",
    "unmeasured.warned": "Gruppen, die im Material vorkommen und im Training fehlen oder beinahe fehlen:",
    "limits.perceived": "Wahrgenommene Gruppen sind Schätzungen. Sie dürfen nicht für die Identität einer "
    "Person gehalten "
    "werden und ersetzen nicht, diese Person zu fragen.",
    "limits.estimators": "Schätzverfahren irren, und bei manchen Gruppen öfter als bei anderen. Wo ihre "
    "Fehler gemessen "
    "wurden, zeigt die Seite „Wer in den Daten ist“ berichtigte Zahlen; sonst stehen die Zahlen so da, wie "
    "sie geschätzt "
    "wurden.",
    "limits.people": "Intervalle und Tests zählen Personen als Einheiten: wiedererkannte Personen, sonst "
    "angegebene "
    "Sprecherinnen und Sprecher, sonst Videodateien.",
    "limits.persons_linked": "Wo eine Person in mehreren Dateien vorkommt und nicht als dieselbe erkannt "
    "wurde, wirken "
    "Ergebnisse sicherer, als sie sind.",
    "limits.holm": "Dass kein Unterschied gefunden wurde, heißt nicht, dass es keinen gibt.",
    "limits.why": "Ein Befund sagt, dass ein Filter aus einer Gruppe mehr zurückweist, nicht, warum. Der "
    "Filter kann etwas "
    "Wirkliches messen, etwa dunkle Bilder, das manche Personen öfter trifft.",
    "limits.weights": "Der Ausgleich ändert, wie oft Personen gezogen werden. Er behebt nicht, was in den "
    "Quellen fehlt.",
    "limits.legal": "Ob eine Einwilligung, eine Lizenz oder eine andere Rechtsgrundlage wirksam ist, wird "
    "hier nicht "
    "geprüft. Ausgeglichene Daten machen ein System nicht von selbst rechtmäßig oder gerecht.",
    "limits.outside": "Die Erklärung betrifft allein diesen Datensatz, nicht ein Modell, das damit "
    "trainiert wird, und "
    "nicht die Verwendung eines solchen Modells.",
    "limits.hidden": "Zahlen über weniger als {least} Personen werden nicht gezeigt und lassen sich aus "
    "den gezeigten nicht "
    "ableiten. Solche Gruppen sind zusammengezählt oder als verborgen gekennzeichnet.",
    "limits.nothing_hidden": "Kleine Gruppen sind hier nicht verborgen, weil die Einstellungen das "
    "abschalten. Diese "
    "Erklärung ist nicht zur Veröffentlichung bestimmt.",
    "check.how": "Der Fingerabdruck ist die SHA-256-Prüfsumme der Liste aller Archive (shards), "
    "Verzeichnisse (index) und "
    "Tabellen mit deren Prüfsummen, wie das Programm sha256sum sie ausgibt. Er steht als „identifier“ auch "
    "in "
    "croissant.json. Wer ihn neu berechnet, weiß, ob diese Erklärung zu den vorliegenden Daten gehört.",
    "check.tables": "Alle Zahlen stammen aus run.json und den Tabellen bias_cells, funnel, representation, "
    "balance_targets, balance_splits, balance_warnings, declared_perceived, unused_declarations, "
    "rejections, failures, "
    "videos und clips im Ordner der Tabellen.",
    "check.more": "Der Befehl „lint“ prüft, ob Tabellen, Beispiele und Prüfsummen miteinander "
    "übereinstimmen.",
}

LANGUAGE = Language(
    code="de",
    name="Deutsch",
    decimal=",",
    thousands=".",
    texts=TEXTS,
    names=NAMES,
    explained=EXPLAINED,
    lowers_names=False,
)
