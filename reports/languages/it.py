"""The statement in Italian."""

from reports.language import Language
from reports.languages.it_names import EXPLAINED, NAMES

TEXTS = {
    # La pagina
    "title": "Che cosa ha fatto il bilanciamento",
    "lead": "Chi è presente in questo set di dati, chi è stato scartato dai filtri, che cosa è stato "
    "chiesto al "
    "bilanciamento, che cosa ha raggiunto e che cosa nessuno sa.",
    "skip": "Vai al contenuto",
    "sections": "Sezioni",
    "other_languages": "Altre lingue",
    "other_pages": "Altre pagine",
    "page_bias": "Chi è presente nei dati (in inglese)",
    "page_datasheet": "Scheda dei dati (in inglese)",
    "page_governance": "Governance dei dati (in inglese)",
    "more_rows": "Altre righe di questa tabella, non mostrate qui:",
    "no_rows": "Qui non c'è nulla da mostrare.",
    "no_network": "Questa pagina non carica nulla da una rete.",
    "interval": "da {low} a {high}",
    # Sezioni
    "section.what": "Di che cosa si tratta",
    "section.sources": "Fonti",
    "section.population": "Chi è presente nel set di dati",
    "section.filters": "Effetto di ciascun filtro su ciascun gruppo",
    "section.asked": "Che cosa è stato chiesto al bilanciamento",
    "section.reached": "Che cosa è stato raggiunto",
    "section.dropped": "Chi è stato escluso, e in base a quale regola",
    "section.unmeasured": "Che cosa non è stato misurato",
    "section.limits": "Limiti",
    "section.check": "Come verificare",
    # Tabelle
    "table.identity": "A quale esecuzione e a quali dati si riferisce",
    "table.licences": "Clip accettate, secondo la licenza dichiarata",
    "table.consents": "Clip accettate, secondo il consenso dichiarato",
    "table.bases": "Clip accettate, secondo la base giuridica dichiarata",
    "table.scopes": "Clip accettate, secondo gli usi dichiarati",
    "table.refused": "File rifiutati per intero",
    "table.groups": "Gruppi per {attribute}",
    "table.compared": "Gruppi dichiarati e percepiti",
    "table.effects": "Filtri e gruppi",
    "table.asked": "Quote e quantità richieste",
    "table.targets": "Richiesto e raggiunto",
    "table.splits": "Le parti del set di dati",
    "table.dropped": "Clip secondo la regola che le ha scartate",
    "table.dropped_groups": "Clip scartate, per regola e gruppo",
    "table.spans": "Tempo da cui non si è potuta ricavare alcuna clip",
    "table.unknown": "Clip del set di dati il cui gruppo non è noto",
    "table.warnings": "Gruppi assenti o quasi mai estratti nell'addestramento",
    # Colonne
    "column.field": "Voce",
    "column.value": "Valore",
    "column.licence": "Licenza",
    "column.consent": "Consenso",
    "column.basis": "Base giuridica",
    "column.scope": "Usi",
    "column.files": "File",
    "column.clips": "Clip",
    "column.people": "Persone",
    "column.length": "Durata",
    "column.reason": "Motivo",
    "column.meaning": "Significato",
    "column.group": "Gruppo",
    "column.cut": "Clip prima dei filtri",
    "column.passed": "Dopo i filtri",
    "column.kept": "Nel set di dati",
    "column.declared_of_these": "di cui dichiarate",
    "column.share_95": "Quota, intervallo al 95 %",
    "column.drawn": "Quota come estratta nell'addestramento",
    "column.attribute": "Caratteristica",
    "column.declared": "Dichiarato come",
    "column.perceived": "Percepito come",
    "column.filter": "Filtro",
    "column.turned_down": "Scartate",
    "column.rate_95": "Tasso, intervallo al 95 %",
    "column.rest": "Tasso degli altri",
    "column.ratio_95": "Quante volte più spesso, intervallo al 95 %",
    "column.p_holm": "p (Holm)",
    "column.finding": "Esito",
    "column.split": "Parte",
    "column.target": "Che cosa",
    "column.wanted": "Richiesto",
    "column.before": "Prima del bilanciamento",
    "column.as_drawn": "Come estratto",
    "column.reached": "Raggiunto",
    "column.in_the_way": "Che cosa lo impedisce",
    "column.worth_clips": "Equivale a … clip",
    "column.worth_people": "Equivale a … persone",
    "column.weights": "Pesi di estrazione",
    "column.known": "Noto e mostrato",
    "column.unknown": "Non riconoscibile",
    "column.not_measured": "Non esaminato",
    "column.problem": "Esito",
    "column.spans_number": "Tratti",
    # Parole nelle celle
    "hidden": "nascosto",
    "hidden_groups": "Non mostrati singolarmente, perché vi appartengono poche persone: {groups}.",
    "not_declared": "nessuna dichiarazione",
    "together": "{names} (insieme, poche persone ciascuno)",
    "not_named": "non indicato da chi pubblica",
    "dataset": "Set di dati",
    "publisher": "Chi pubblica",
    "settings": "Hash delle impostazioni (run.json)",
    "fingerprint": "Impronta dei dati (SHA-256)",
    "n_of_m": "{n} su {m}",
    "takes_more": "scarta di questo gruppo più di quanto spieghi il caso",
    "explained": "spiegato da un altro gruppo, al quale appartengono molte di queste persone",
    "not_more": "non più di quanto spieghi il caso",
    "all_splits": "tutte",
    "yes": "sì",
    "no": "no",
    "quota_max": "al massimo, di {group}",
    "quota_min": "almeno, di {group}",
    "equal_shares": "tutti i gruppi presenti con la stessa frequenza",
    "others_drop": "tutti i gruppi non nominati: esclusi",
    "problem_absent": "nessuno di questo gruppo",
    "problem_near_zero": "quasi mai estratto",
    "no_clip_has": "nessuna clip ha {group}",
    "no_clip_known": "di nessuna clip è noto {group}",
    "others_missed": "estratto come richiesto, ma altri gruppi dello stesso obiettivo no",
    "limited_by": "la dimensione è limitata da {group}",
    "weight_binds": "il limite dei pesi ({bound} {value}) trattiene {group}",
    "not_together": "con le clip disponibili non è raggiungibile insieme a {group}",
    "only_came": "solo {value} ({unit}) sono arrivati al bilanciamento",
    "took_others": "i limiti massimi o la selezione per altri obiettivi hanno escluso gli altri",
    # Frasi
    "what.generated": "Questa dichiarazione è stata generata da Mentor {version} a partire dalle tabelle "
    "di una sola "
    "esecuzione. Nessuno l'ha modificata; le stesse tabelle producono la stessa dichiarazione. Descrive il "
    "set di dati e "
    "non costituisce un parere legale.",
    "sources.files": "All'esecuzione sono stati forniti {files} file. Di questi, {videos} sono stati letti "
    "come video, per "
    "un totale di {length}.",
    "sources.files.one": "All'esecuzione è stato fornito {files} file. Letti come video: {videos}, per un "
    "totale di {length}.",
    "sources.failed": "In {failed} casi non è stato possibile elaborare qualcosa, per esempio perché un "
    "file era "
    "danneggiato; questi casi sono elencati nella tabella degli errori (failures).",
    "sources.failed.one": "In {failed} caso non è stato possibile elaborare qualcosa, per esempio perché "
    "un file era "
    "danneggiato; il caso è riportato nella tabella degli errori (failures).",
    "sources.day": "I consensi e le condizioni dichiarati sono stati valutati alla data del {day} (UTC).",
    "sources.declared": "Licenza e consenso sono riportati come li ha dichiarati chi ha eseguito Mentor. "
    "Mentor non li "
    "verifica. Le licenze e le indicazioni sul consenso che riguardano poche persone sono riunite.",
    "sources.refused": "{files} file sono stati rifiutati per intero; nulla di essi si trova nel set di "
    "dati:",
    "sources.refused.one": "{files} file è stato rifiutato per intero; nulla di esso si trova nel set di "
    "dati:",
    "sources.none_refused": "Nessun file è stato rifiutato per intero.",
    "population.size": "Il set di dati contiene {clips} clip di {people} persone, per un totale di {length}.",
    "population.labels": "Un gruppo è dichiarato, nell'elenco dei file, oppure percepito, cioè stimato da "
    "un modello in base "
    "alle immagini e al suono. La dichiarazione prevale sempre. Un gruppo percepito indica come un modello "
    "vede una "
    "persona, non chi essa sia. Le quote si riferiscono alle clip il cui gruppo è noto; i loro intervalli "
    "considerano come "
    "unità le persone, non le clip. "
    "«Nascosto» sta per numeri relativi a poche persone.",
    "population.none": "Nessun gruppo è stato dichiarato o percepito; non si può quindi dire chi sia "
    "presente nel set di "
    "dati.",
    "population.measured": "Per il confronto è stata indicata una popolazione: {source}. Il confronto si "
    "trova nella pagina "
    "«Chi è presente nei dati».",
    "population.compared": "Dove un gruppo era sia dichiarato sia percepito, è valsa la dichiarazione. Il "
    "numero di persone "
    "dichiarate e percepite è il seguente:",
    "filters.none": "Nessun filtro ha potuto essere confrontato tra gruppi: nulla è stato scartato, oppure "
    "sono note troppo "
    "poche persone.",
    "filters.tested": "Per ogni filtro e ogni gruppo è stato verificato se il filtro scarta di quel gruppo "
    "più che di tutti "
    "gli altri il cui gruppo è noto. Le unità erano le persone, non le clip. I test sono stati {tests}; la "
    "probabilità che "
    "anche uno solo di essi dia un falso allarme è del {alpha} (correzione di Holm).",
    "filters.tested.one": "Per ogni filtro e ogni gruppo è stato verificato se il filtro scarta di quel "
    "gruppo più che di "
    "tutti gli altri il cui gruppo è noto. Le unità erano le persone, non le clip. È stato eseguito "
    "{tests} test; la "
    "probabilità che dia un falso allarme è del {alpha}.",
    "filters.found": "Test che hanno trovato più di quanto spieghi il caso: {flags}. Sono in testa alla "
    "tabella.",
    "filters.nothing_found": "Nessuno dei test ha trovato più di quanto spieghi il caso. Ciò non dimostra "
    "che non vi siano "
    "differenze: con poche persone si possono trovare soltanto differenze grandi.",
    "asked.nothing": "Al bilanciamento non è stato chiesto nulla. Ogni clip lasciata dai filtri è nel set "
    "di dati, con lo "
    "stesso peso.",
    "asked.max_clips_per_person": "Nessuna persona può avere più di {n} clip.",
    "asked.max_seconds_per_person": "Nessuna persona può avere più di {n} di materiale.",
    "asked.max_clips_per_source": "Nessun file di origine può fornire più di {n} clip.",
    "asked.max_seconds_per_source": "Nessun file di origine può fornire più di {n} di materiale.",
    "asked.wanted": "Sono state richieste le quote e le quantità seguenti. Le quote la cui somma non è uno "
    "vengono "
    "riproporzionate; i gruppi non nominati conservano la loro quota, salvo diversa indicazione.",
    "asked.method_weight": "Le quote si raggiungono con pesi: le clip di alcuni gruppi vengono estratte "
    "più spesso "
    "nell'addestramento; nessuna clip viene rimossa per questo.",
    "asked.method_subsample": "Le quote si raggiungono con una selezione: si conserva l'insieme più grande "
    "di clip che le "
    "rispetta; le altre clip sono escluse.",
    "asked.weights": "Nessuna clip viene estratta meno di {low} volte o più di {high} volte la media.",
    "reached.all": "Tutte le {asked} quote e quantità richieste sono state raggiunte.",
    "reached.missed": "{missed} delle {asked} quote e quantità richieste non sono state raggiunte. Ogni "
    "parte del set di dati "
    "è bilanciata separatamente; alle parti piccole possono quindi mancare interi gruppi.",
    "reached.missed.one": "{missed} delle {asked} quote e quantità richieste non è stata raggiunta. Ogni "
    "parte del set di "
    "dati è bilanciata separatamente; alle parti piccole possono quindi mancare interi gruppi.",
    "reached.nothing": "Non sono state richieste né quote né quantità; non c'è quindi nulla da confrontare.",
    "reached.erased": "Dopo il bilanciamento alcune clip sono state cancellate e nulla è stato bilanciato di "
    "nuovo. Non si sa quindi che cosa sia stato raggiunto né quali gruppi manchino.",
    "reached.worth": "I pesi mostrano più spesso le stesse persone; non aggiungono persone. La tabella "
    "indica a quante clip e "
    "a quante persone di pari peso equivalgono i dati pesati (dimensione effettiva del campione secondo "
    "Kish).",
    "dropped.none": "Nessuna clip è stata scartata.",
    "dropped.clips": "{dropped} clip su {clips} sono state scartate, di cui {balanced} dal bilanciamento. "
    "Ciascuna è riportata "
    "nella tabella degli scarti (rejections) con la regola, il valore misurato e la soglia.",
    "dropped.clips.one": "{dropped} clip su {clips} è stata scartata; dal bilanciamento: {balanced}. È "
    "riportata nella tabella "
    "degli scarti (rejections) con la regola, il valore misurato e la soglia.",
    "dropped.groups": "Per gruppo, purché non diventi visibile un gruppo piccolo:",
    "dropped.spans": "Inoltre, {spans} tratti dei file non hanno potuto diventare clip:",
    "dropped.spans.one": "Inoltre, {spans} tratto dei file non ha potuto diventare una clip:",
    "unmeasured.never": "Di nessuno sono stati stimati l'origine etnica, la religione, la salute, la "
    "disabilità, "
    "l'orientamento sessuale, il reddito o il luogo di residenza. Tali caratteristiche sono note soltanto "
    "dove l'elenco dei "
    "file le dichiara.",
    "unmeasured.unused": "Dichiarazioni su caratteristiche di persone che non si sono potute usare e che "
    "valgono come ignote: "
    "{cells}.",
    "unmeasured.tool": "Non disponibile in questa esecuzione: {tool} ({purpose}).",
    "unmeasured.warned": "Gruppi presenti nel materiale e assenti o quasi assenti nell'addestramento:",
    "limits.perceived": "I gruppi percepiti sono stime. Non devono essere scambiati per l'identità di una "
    "persona e non "
    "sostituiscono il chiederlo a quella persona.",
    "limits.estimators": "Gli stimatori sbagliano, e con alcuni gruppi più spesso che con altri. Dove i "
    "loro errori sono stati "
    "misurati, la pagina «Chi è presente nei dati» mostra numeri corretti; altrove i numeri sono quelli "
    "stimati.",
    "limits.people": "Gli intervalli e i test considerano come unità le persone: identità riconosciute, "
    "altrimenti parlanti "
    "dichiarati, altrimenti file video.",
    "limits.persons_linked": "Dove una persona compare in più file e non è stata riconosciuta come la "
    "stessa, i risultati "
    "appaiono più certi di quanto siano.",
    "limits.holm": "Che non sia stata trovata una differenza non significa che non esista.",
    "limits.why": "Un esito dice che un filtro scarta di più di un gruppo, non perché. Il filtro può "
    "misurare qualcosa di "
    "reale, per esempio immagini scure, che riguarda più spesso alcune persone.",
    "limits.weights": "Il bilanciamento cambia quanto spesso le persone vengono estratte. Non rimedia a "
    "ciò che manca nelle "
    "fonti.",
    "limits.legal": "Non si esamina qui se un consenso, una licenza o un'altra base giuridica siano "
    "validi. Dati bilanciati non "
    "rendono di per sé un sistema lecito o equo.",
    "limits.outside": "La dichiarazione riguarda soltanto questo set di dati, non un modello addestrato "
    "con esso, né l'uso di "
    "un tale modello.",
    "limits.hidden": "Non è mostrato alcun numero relativo a meno di {least} persone, né lo si può "
    "ricavare dai numeri "
    "mostrati. Tali gruppi sono contati insieme o contrassegnati come nascosti.",
    "limits.nothing_hidden": "Qui i gruppi piccoli non sono nascosti, perché le impostazioni lo "
    "disattivano. Questa "
    "dichiarazione non è destinata alla pubblicazione.",
    "check.how": "L'impronta è lo SHA-256 dell'elenco di tutti gli archivi (shards), gli indici (index) e "
    "le tabelle con i loro "
    "hash, come li stampa il programma sha256sum. È anche l'«identifier» in croissant.json. Chi la "
    "ricalcola sa se questa "
    "dichiarazione appartiene ai dati che ha davanti.",
    "check.tables": "Tutti i numeri provengono da run.json e dalle tabelle bias_cells, funnel, "
    "representation, "
    "balance_targets, balance_splits, balance_warnings, declared_perceived, unused_declarations, "
    "rejections, failures, videos "
    "e clips nella cartella delle tabelle.",
    "check.more": "Il comando «lint» verifica che tabelle, campioni e hash concordino tra loro.",
}

LANGUAGE = Language(
    code="it", name="Italiano", decimal=",", thousands=".", texts=TEXTS, names=NAMES, explained=EXPLAINED
)
