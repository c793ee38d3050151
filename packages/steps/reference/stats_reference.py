"""Reference values for packages/steps/src/stats, from scipy.

Run: python stats_reference.py > stats_reference.json   (scipy 1.17.1, numpy 2.4.6)
Holm's adjustment is not in scipy: it is written out below from its definition.
"""

import json

import numpy
import scipy
from scipy import stats


def wilson(successes, trials, confidence):
    ci = stats.binomtest(successes, trials).proportion_ci(confidence_level=confidence, method="wilson")
    return [float(ci.low), float(ci.high)]


def holm(p):
    order = numpy.argsort(p, kind="stable")
    scaled = (len(p) - numpy.arange(len(p))) * numpy.asarray(p)[order]
    out = numpy.empty(len(p))
    out[order] = numpy.minimum(1, numpy.maximum.accumulate(scaled))
    return out.tolist()


def bootstrap(better, worse, same, rounds):
    d = numpy.array([1.0] * better + [-1.0] * worse + [0.0] * same)
    rng = numpy.random.default_rng(20260101)
    ci = stats.bootstrap(
        (d,), numpy.mean, n_resamples=rounds, method="percentile", rng=rng, batch=1000
    ).confidence_interval
    return [float(ci.low), float(ci.high)]


wilson_cases = [
    (0, 10, 0.95), (10, 10, 0.95), (14, 100, 0.95), (47, 100, 0.95), (93, 100, 0.95), (100, 100, 0.95),
    (1, 1, 0.95), (850, 1000, 0.99), (3, 7, 0.9),
]
mcnemar_cases = [(0, 0), (1, 0), (5, 5), (3, 12), (52, 6), (79, 0), (0, 1200), (600, 700), (10, 11)]
holm_cases = [[0.01], [0.01, 0.04, 0.03], [0.5, 0.4, 0.9], [1e-12, 0.02, 0.02, 0.3, 0.049]]
bootstrap_cases = [(52, 6, 42), (10, 9, 81), (3, 0, 17), (0, 0, 30)]
quantile_cases = [1e-12, 0.001, 0.05, 0.3, 0.5, 0.6, 0.975, 0.995, 0.999999]

print(json.dumps({
    "versions": {"scipy": scipy.__version__, "numpy": numpy.__version__},
    "quantile": [[p, float(stats.norm.ppf(p))] for p in quantile_cases],
    "wilson": [[*c, *wilson(*c)] for c in wilson_cases],
    "mcnemar": [[b, c, 1.0 if b + c == 0 else float(stats.binomtest(b, b + c, 0.5).pvalue)] for b, c in mcnemar_cases],
    "holm": [[p, holm(p)] for p in holm_cases],
    "bootstrap": [[*c, *bootstrap(*c, 100_000)] for c in bootstrap_cases],
}, indent=1))
