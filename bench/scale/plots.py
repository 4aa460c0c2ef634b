"""Draws what scale.py has measured, as SVG files that depend on nothing but the figures."""

import statistics

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({
    "svg.hashsalt": "edo",  # else the names of clip paths are random
    "svg.fonttype": "none",  # text stays text: small files, and differences that can be read
    "font.size": 9, "axes.grid": True, "axes.grid.which": "major", "grid.alpha": 0.4,
    "axes.spines.top": False, "axes.spines.right": False, "lines.markersize": 4, "legend.frameon": False,
})

from matplotlib import pyplot, ticker  # after the choice of svg


def draw_line(axes, series, label, **style):
    """Medians, with a band between the lowest and the highest round."""
    points = sorted(series)
    [line] = axes.plot(points, [statistics.median(series[x]) for x in points], marker="o", label=label, **style)
    axes.fill_between(points, [min(series[x]) for x in points], [max(series[x]) for x in points],
                      color=line.get_color(), alpha=0.15, linewidth=0)


def plain(value, _):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def finish(axes, x, y, bottom=None):
    """`bottom` 0: a linear axis, else a logarithmic one."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=bottom)
    if bottom != 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(plain))
        axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.legend()


def by_size(axes):
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.LogLocator(numticks=10))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(
        lambda value, _: f"{value / 1e6:g} M" if value >= 1e6 else f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def live_tasks(figures):
    figure, (cost, memory) = pyplot.subplots(1, 2, figsize=(9, 3.6), width_ratios=(2, 1))
    draw_line(cost, figures["spawn"], "spawned until asleep")
    draw_line(cost, figures["beside"], "a short one, spawned and awaited beside them")
    draw_line(cost, figures["end"], "aborted and joined")
    by_size(cost)
    finish(cost, "live tasks", "ns a task", bottom=10)
    draw_line(memory, figures["bytes"], "resident memory")
    by_size(memory)
    finish(memory, "live tasks", "bytes a task", bottom=0)
    return figure


def timers(figures):
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    draw_line(axes, figures["cancel"], "taken back and registered anew")
    draw_line(axes, figures["fire"], "fired, its task run, registered anew")
    by_size(axes)
    finish(axes, "pending timers", "ns a timer", bottom=10)
    return figure


def workers(figures):
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    for name, series in figures.items():
        draw_line(axes, series, name)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(ticker.FixedLocator(sorted(figures["skynet"])))
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(plain))
    finish(axes, "workers", "million tasks a second", bottom=0)
    return figure


def wake_latency(figures):
    """Percentiles lie where the share of what is above them lies on a logarithmic axis."""
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    percentiles = sorted(figures["edo"])
    above = {percent: 100 / (100 - percent) for percent in percentiles}
    for key, label in (("edo", "Edo"), ("tokio", "Tokio")):
        draw_line(axes, {above[percent]: values for percent, values in figures[key].items()}, label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.FixedLocator(list(above.values())))
    axes.xaxis.set_major_formatter(ticker.FixedFormatter([f"p{percent:g}" for percent in percentiles]))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    finish(axes, "percentile", "us from wake to turn")
    return figure


def draw_all(folder, results):
    folder.mkdir(parents=True, exist_ok=True)
    for name, figures in results.items():
        figure = globals()[name](figures)
        figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
