"""Reference values for packages/steps/src/scores and stats, from scikit-learn, rouge-score, sacrebleu, torchmetrics, scipy.

Run: python scores_reference.py FOLDER   writes scores.json and scores.f64 (little-endian doubles) into FOLDER.
Made with Python 3.11: scikit-learn 1.9.1, rouge-score 0.1.2 (nltk 3.10.4), sacrebleu 2.6.0, torchmetrics 1.8.2
(SQuAD; torch 2.13.0), scipy 1.17.1, numpy 2.4.6.

The 1,000 pairs of texts are not stored: `Pairs` makes them by a rule that ../test/support/pairs.ts follows too.
"""

import json
import math
import struct
import sys

import numpy
import sacrebleu
import scipy
import sklearn
import torchmetrics
from nltk.stem import porter
from rouge_score import rouge_scorer
from scipy import optimize, stats
from sklearn import linear_model, metrics, preprocessing
from sklearn.feature_extraction.text import TfidfVectorizer

PAIRS = 1000

ROOTS = (
    "abandon able absorb accept act adapt adjust adopt agree allow analy apolog apply archaeo arrang assert attend "
    "author avoid bless bodi busi call calm care carri chang charg civil class clear coher communic compar complet "
    "condition confirm conform connect consider control convers cri critic danger decid declar defens depend deriv "
    "develop differ digit disput educ effect electr elig enjoy expect explain express fail feed fil fli form formal "
    "frequent general geo gloss govern grad gyroscop happ hesit hiss homolog hop hope imag improv incident inform "
    "instruct intern invent irrit item judg know lazi lead like limit list logic lucid manag mean measur medic "
    "merci meter mix model motor move nation natur neat object observ occup offer oper optim organ partial pay "
    "perfect person plaster play plausib polit poni popul power practic predic prefer prepar prob process "
    "program project promis protect prov quick radic rational reach read real receiv record reduc refer regul relat "
    "relev rememb report requir respons result reviv roll round rul run sad scienc search season select sens sensib "
    "sign simpl siz social special spi start stat stop studi success suffic suggest support sup synony tan teach "
    "tell tend test theo think toler total train transform treat triplic troubl try turn typ us valenc valid vari "
    "vietnam vil visit volunt warn week will win work writ yes youth"
).split()
SUFFIXES = (
    " s es ed ing er ers e ly y ies ied eed ement ment ments ent ence ance ant able ably ible ibly ation ational ations "
    "ator ization izer ize ized izing ism alism al ally alli aliti ality ive iveness ivity iviti ful fulness fully "
    "fulli ous ousness ously ousli ness nesses icate ative alize iciti icity ical ic ion ions ou ate ated ating logi "
    "logy tional enci anci biliti bility abli entli eli ll lled lling ss sses zz tt tted pping ied ying yed"
).split(" ")
ODD = [
    "The", "the", "a", "An", "an", "THE", "I", "it's", "don't", "U.S.", "e.g.", "3.14", "1,000", "2026", "50%", "(see",
    "here)", "\"quoted\"", "'single'", "--", "...", "!", "?", "a.", "[x]", "snake_case", "semi;colon", "na\u00efve", "caf\u00e9",
    "\u00dcber", "stra\u00dfe", "\u0130stanbul", "\u65e5\u672c\u8a9e", "\u043f\u0440\u0438\u0432\u0435\u0442", "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301t\u00e9", "\u201cfancy\u201d", "\u2014", "\u00e9a", "a_b", "the-end",
    "x", "sky", "skies", "dying", "news", "succeed", "innings",
]
SPACES = [" "] * 12 + ["  ", "\n", "\t", "\u00a0", " \n ", "\u2003"]


class Pairs:
    """A 32-bit linear congruential generator (Numerical Recipes), high bits used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state * n // 2**32

    def word(self):
        kind = self.below(10)
        if kind == 0:
            return ODD[self.below(len(ODD))]
        root = ROOTS[self.below(len(ROOTS))]
        word = root + (SUFFIXES[self.below(len(SUFFIXES))] if kind < 6 else "")
        if kind == 9:
            word = word.upper() if self.below(2) == 0 else word[0].upper() + word[1:]
        return word + ("", "", "", "", ",", ".", "!", "?")[self.below(8)]

    def join(self, words):
        text = ""
        for index, word in enumerate(words):
            text += (SPACES[self.below(len(SPACES))] if index > 0 else "") + word
        return text

    def pair(self):
        """A reference and an answer that keeps, drops, replaces, doubles or swaps its words; either may be empty."""
        reference = [self.word() for _ in range(self.below(25))]
        level = self.below(10)
        answer = []
        for word in reference:
            if self.below(10) >= level:
                answer.append(word)
                continue
            what = self.below(5)
            if what == 1:
                answer.append(self.word())
            elif what == 2:
                answer.extend([word, word])
            elif what == 3:
                answer.insert(self.below(len(answer) + 1), word)
            elif what == 4:
                answer.append(word.lower())
        if self.below(10) == 0:
            answer = [self.word() for _ in range(self.below(12))]
        return self.join(answer), self.join(reference)


def squad(answer, reference):
    got = torchmetrics.functional.text.squad(
        [{"prediction_text": answer, "id": "0"}], [{"answers": {"answer_start": [0], "text": [reference]}, "id": "0"}]
    )
    return float(got["f1"]) / 100, float(got["exact_match"]) / 100


def texts():
    draw = Pairs(20261123)
    pairs = [draw.pair() for _ in range(PAIRS)]
    plain = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    stemmed = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    columns = []
    values = []
    for answer, reference in pairs:
        row = {}
        for name, scorer in (("plain", plain), ("stemmed", stemmed)):
            for kind, score in scorer.score(reference, answer).items():
                row |= {
                    f"{kind} {name} precision": score.precision,
                    f"{kind} {name} recall": score.recall,
                    f"{kind} {name} f1": score.fmeasure,
                }
        row["chrF2"] = sacrebleu.sentence_chrf(answer, [reference]).score
        row["chrF2++"] = sacrebleu.sentence_chrf(answer, [reference], word_order=2).score
        row["squad f1"], row["squad exact"] = squad(answer, reference)
        columns = list(row)
        values.append(list(row.values()))
    answers = [answer for answer, _ in pairs]
    references = [[reference for _, reference in pairs]]
    corpus = [
        sacrebleu.corpus_chrf(answers, references).score,
        sacrebleu.corpus_chrf(answers, references, word_order=2).score,
    ]
    # A checksum of the texts themselves, so that a test whose pairs differ says so first.
    characters = sum(ord(c) * (i % 251 + 1) for a, r in pairs for i, c in enumerate(a + "\n" + r)) % 2**32
    return columns, values, {"pairs": PAIRS, "columns": columns, "corpusChrF": corpus, "checksum": characters}


def stems():
    stemmer = porter.PorterStemmer()
    words = [root + suffix for root in ROOTS for suffix in SUFFIXES]
    words = sorted(set(words))[::5] + ["sky", "skies", "dying", "news", "innings", "succeed", "y", "yy", "syzygy", "toy", "by", "geology"]
    return {"words": " ".join(words), "stems": " ".join(stemmer.stem(word) for word in words)}


def classification():
    """1,000 labels of four classes, one of them rare, answers with unknown words among them."""
    draw = Pairs(7)
    names = ["positive", "negative", "neutral", "rare"]
    expected = []
    answered = []
    for _ in range(1000):
        want = names[min(3, draw.below(31) // 10)]
        roll = draw.below(10)
        have = want if roll < 6 else names[draw.below(4)] if roll < 9 else "unknown"
        expected.append(want)
        answered.append(have)
    order = sorted(names)
    columns = order + ["unknown"]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        expected, answered, labels=order, zero_division=0
    )
    matrix = metrics.confusion_matrix(expected, answered, labels=columns)
    return {
        "seed": 7,
        "accuracy": metrics.accuracy_score(expected, answered),
        "macroF1": metrics.f1_score(expected, answered, labels=order, average="macro", zero_division=0),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "matrix": matrix[:4].tolist(),
    }


def fields():
    """1,000 pairs of flat objects; scikit-learn's micro average over a field's values as labels."""
    draw = Pairs(11)
    names = ["name", "age", "city"]
    rows = []
    for _ in range(1000):
        expected = {n: draw.below(6) for n in names if draw.below(5) > 0}
        answer = {n: draw.below(6) if draw.below(3) == 0 else expected.get(n, draw.below(6)) for n in names if draw.below(6) > 0}
        rows.append((answer, expected))
    out = {}
    for n in names:
        labels = preprocessing.MultiLabelBinarizer(classes=range(6))
        want = labels.fit_transform([{e[n]} if n in e else set() for _, e in rows])
        have = labels.transform([{a[n]} if n in a else set() for a, _ in rows])
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(want, have, average="micro")
        out[n] = [float(precision), float(recall), float(f1)]
    return {"seed": 11, "fields": out}


def style():
    """Two kinds of sentences, a classifier of each half, its chances and its area under the curve on the other."""
    draw = Pairs(13)
    ends = [["!", " indeed!", " yes!"], [".", " perhaps.", " maybe."]]
    made = [[], []]
    for kind in (0, 1):
        for _ in range(120):
            words = [draw.word() for _ in range(3 + draw.below(6))]
            # One in four is written in the other style, so that the two overlap.
            as_kind = 1 - kind if draw.below(4) == 0 else kind
            made[kind].append(draw.join(words) + ends[as_kind][draw.below(3)])
    train = made[0][:60] + made[1][:60]
    labels = [1] * 60 + [0] * 60

    def runs(text):
        text = " " + " ".join(text.split()) + " "
        return [text[i : i + n] for n in range(1, 5) for i in range(len(text) - n + 1)]

    vectorizer = TfidfVectorizer(analyzer=runs, sublinear_tf=True, norm="l2", smooth_idf=True)
    x = vectorizer.fit_transform(train)
    model = linear_model.LogisticRegression(C=1.0, tol=1e-12, max_iter=100_000).fit(x, labels)
    held = made[0][60:] + made[1][60:]
    chances = model.predict_proba(vectorizer.transform(held))[:, 1]
    truth = [1] * 60 + [0] * 60
    return {
        "seed": 13,
        "features": len(vectorizer.vocabulary_),
        "probabilities": [float(f"{p:.12g}") for p in chances],
        "auc": float(metrics.roc_auc_score(truth, chances)),
    }


def auc():
    """Coarse scores with many ties."""
    draw = Pairs(17)
    positives = [draw.below(20) for _ in range(400)]
    negatives = [draw.below(15) for _ in range(600)]
    truth = [1] * 400 + [0] * 600
    u = stats.mannwhitneyu(positives, negatives).statistic / (400 * 600)
    return {"seed": 17, "sklearn": float(metrics.roc_auc_score(truth, positives + negatives)), "scipy": float(u)}


def tango(b, c, n, confidence=0.95):
    """Score interval by its definition: the restricted likelihood is maximised numerically for each difference."""
    z = stats.norm.ppf(0.5 + confidence / 2)

    def restricted(d):
        # p01 = q, p10 = q + d, likelihood b log(q + d) + c log q + (n - b - c) log(1 - 2q - d)
        low, high = max(0.0, -d), (1 - d) / 2

        def score(q):
            return (
                (b / (q + d) if b else 0.0) + (c / q if c else 0.0) - (2 * (n - b - c) / (1 - 2 * q - d) if n > b + c else 0.0)
            )

        edge = 1e-13
        if score(low + edge) <= 0:
            return low
        if score(high - edge) >= 0:
            return high
        return optimize.brentq(score, low + edge, high - edge, xtol=1e-15, rtol=1e-14)

    def statistic(d):
        q = restricted(d)
        return (b - c - n * d) / math.sqrt(n * max(2 * q + d * (1 - d), 1e-300))

    edge = 1e-9
    ends = []
    for target in (z, -z):
        f = lambda d: statistic(d) - target
        ends.append(-1.0 if f(-1 + edge) < 0 else 1.0 if f(1 - edge) > 0 else optimize.brentq(f, -1 + edge, 1 - edge, xtol=1e-13))
    return ends


def paired():
    """1,000 random tables: mid-p from scipy's binomial, and the score interval of 60 of them."""
    draw = Pairs(19)
    tables = []
    for _ in range(1000):
        n = 5 + draw.below(400)
        b = draw.below(n // 2 + 1)
        c = draw.below(n // 2 + 1) if draw.below(2) == 0 else draw.below(6) % (n // 2 + 1)
        tables.append((b, c, n))
    exact = [1.0 if b + c == 0 else float(stats.binomtest(b, b + c).pvalue) for b, c, _ in tables]
    mid = [
        1.0 if b == c else float(2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5))
        for b, c, _ in tables
    ]
    wilson = [
        [float(end) for end in stats.binomtest(b, n).proportion_ci(method="wilson")] for b, _, n in tables
    ]
    chosen = tables[:60] + [(0, 0, 20), (1, 7, 21), (0, 30, 30), (30, 0, 30), (0, 5, 100), (52, 6, 100)]
    return tables, exact, mid, wilson, {
        "seed": 19,
        "tables": len(tables),
        "tango": [[b, c, n, *(float(f"{end:.10g}") for end in tango(b, c, n))] for b, c, n in chosen],
    }


def bootstrap():
    """BCa and percentile intervals of scipy, and the studentized one written out from its definition with numpy."""
    draw = Pairs(23)
    out = []
    for rows in (30, 100):
        values = [round((draw.below(1000) + draw.below(1000)) / 1000 - 0.8, 3) for _ in range(rows)]
        d = numpy.array(values)
        rng = numpy.random.default_rng(20261123)
        ends = {}
        for method in ("percentile", "BCa"):
            ci = stats.bootstrap((d,), numpy.mean, n_resamples=200_000, method=method, rng=rng, batch=2000).confidence_interval
            ends[method.lower()] = [float(ci.low), float(ci.high)]
        sample = d[rng.integers(0, rows, (200_000, rows))]
        error = d.std() / math.sqrt(rows)
        ratio = numpy.abs(sample.mean(1) - d.mean()) / (sample.std(1) / math.sqrt(rows))
        half = error * float(numpy.quantile(ratio, 0.95))
        ends["studentized"] = [float(d.mean() - half), float(d.mean() + half)]
        ends["p"] = float((ratio >= abs(d.mean()) / error).mean())
        out.append({"rows": rows, **ends})
    return {"seed": 23, "samples": out}


def normal():
    z = [-38, -20, -8, -6.5, -6, -3, -1.96, -0.5, 0, 0.1, 1, 2.5, 5.9, 6.1, 9]
    degrees = [1, 2, 3, 4, 5, 9, 19, 49, 99, 100, 499, 1000, 1001, 5000]
    return {
        "cumulative": [[x, float(stats.norm.cdf(x))] for x in z],
        "student": [[df, c, float(stats.t.ppf(0.5 + c / 2, df))] for df in degrees for c in (0.9, 0.95, 0.99)],
    }


folder = sys.argv[1]
columns, values, about = texts()
tables, exact, mid, wilson, paired_about = paired()
numbers = [x for row in values for x in row]
numbers += exact + mid + [x for ends in wilson for x in ends]
with open(f"{folder}/scores.f64", "wb") as file:
    file.write(struct.pack(f"<{len(numbers)}d", *numbers))
with open(f"{folder}/scores.json", "w") as file:
    json.dump(
        {
            "script": "scores_reference.py",
            "versions": {
                "python": sys.version.split()[0],
                "scikit-learn": sklearn.__version__,
                "rouge-score": "0.1.2",
                "sacrebleu": sacrebleu.__version__,
                "torchmetrics": torchmetrics.__version__,
                "scipy": scipy.__version__,
                "numpy": numpy.__version__,
            },
            "rule": {"roots": " ".join(ROOTS), "suffixes": " ".join(SUFFIXES), "odd": ODD, "spaces": SPACES},
            "texts": about,
            "stems": stems(),
            "classification": classification(),
            "fields": fields(),
            "style": style(),
            "auc": auc(),
            "paired": paired_about,
            "bootstrap": bootstrap(),
            "normal": normal(),
        },
        file,
        indent=1,
    )
