"use strict";

const EVENTS = "/.caas/events";
const SILENCE_MS = 40_000;
const MAX_LINES = 5000;
const LINES_PER_BLOCK = 100;
const SHOWN_CHARACTERS = 2000;
const BLOB_LIMIT = 512 * 2 ** 20;
const PICKER_FROM = 64 * 2 ** 20;
const $ = (id) => document.getElementById(id);

// Text: everything from the run passes through visible() and reaches the page as a text node only.

// Zero-width joiners stay, because scripts and emoji need them; direction marks and tags can only deceive.
const HIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const ANSI = /[\u001b\u009b](?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[0-?]*[ -/]*[@-~])/g;

function nameOfHidden(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

function visible(value, limit = 200) {
  const text = String(value ?? "");
  return (text.length > limit ? text.slice(0, limit) + "…" : text).replace(HIDDEN, nameOfHidden);
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function makeSVG(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Writes only what differs, so that selections and screen readers are left alone by each update. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

const keyed = new WeakMap();

/** Makes the children of `parent` those of `items`, and keeps each child as long as its key is there. */
function syncChildren(parent, items, keyOf, create, update) {
  const old = keyed.get(parent) ?? new Map();
  const fresh = new Map();
  let position = parent.firstElementChild;
  for (const [index, item] of items.entries()) {
    let key = keyOf(item, index);
    while (fresh.has(key)) key += "\u0000";
    const child = old.get(key) ?? create(item, key);
    fresh.set(key, child);
    old.delete(key);
    update?.(child, item);
    if (child === position) position = position.nextElementSibling;
    else parent.insertBefore(child, position);
  }
  for (const child of old.values()) child.remove();
  keyed.set(parent, fresh);
}

function tableRow(labels, heading = true) {
  return make("tr", { role: "row" }, ...labels.map((_, index) => index === 0 && heading
    ? make("th", { scope: "row", role: "rowheader", className: "foreign" }) : make("td", { role: "cell" })));
}

/** Sets the cells of a row; a cell is a text, or [text, class], or a list of nodes is left to the caller as null. */
function setCells(row, cells) {
  cells.forEach((cell, index) => {
    if (cell === null) return;
    const [text, name] = Array.isArray(cell) ? cell : [cell, ""];
    setText(row.cells[index], text);
    setClass(row.cells[index], index === 0 ? "foreign " + name : name);
  });
}

// Numbers and times

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const NOTHING = "–";

function bytes(count) {
  if (!isNumber(count)) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (Math.abs(count) >= 1000 && unit < units.length - 1) { count /= 1024; unit += 1; }
  return `${unit === 0 ? Math.round(count) : count.toFixed(count < 10 ? 2 : 1)} ${units[unit]}`;
}

function wholeNumber(value) {
  return isNumber(value) ? Math.round(value).toLocaleString("en") : NOTHING;
}

function dollars(value) {
  return isNumber(value) ? "$" + value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : NOTHING;
}

function percent(fraction) {
  return isNumber(fraction) ? `${Math.round(fraction * 100)} %` : NOTHING;
}

function shortNumber(value) {
  if (!isNumber(value)) return NOTHING;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2).replace("e+", "e");
  if (Number.isInteger(value) || size >= 1e4) return wholeNumber(value);
  return value.toPrecision(4);
}

function duration(seconds, units = 2) {
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [size, name] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]) {
    if (parts.length === 0 && rest < size && size > 1) continue;
    parts.push(`${Math.floor(rest / size)} ${name}`);
    rest %= size;
  }
  return parts.slice(0, units).join(" ");
}

const roughly = (seconds) => duration(seconds, seconds >= 3600 ? 2 : 1);
const ago = (seconds) => seconds < 5 ? "now" : roughly(seconds) + " ago";

/** Seconds since 1970 of an RFC 3339 time, null if it is none. */
function secondsOf(time) {
  const milliseconds = typeof time === "string" ? Date.parse(time) : NaN;
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

function clock(seconds, withSeconds = true) {
  const text = clockFormat.format(seconds * 1000);
  return withSeconds ? text : text.slice(0, 5);
}

/** The local time, with the day where it is not today. */
function localTime(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  const day = dayFormat.format(seconds * 1000);
  return (day === dayFormat.format(now() * 1000) ? "" : day + ", ") + clock(seconds, false);
}

function withLocalTimes(text) {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, (time) => localTime(secondsOf(time)));
}

// The run's state, as the server sends it

let state = {};
/** Name of a metric → its points [x, y, seconds], where y is null for a gap. */
const series = new Map();
/** The server's clock minus this one, and when something was last heard, by this clock. */
const heard = { offset: 0, at: 0, isConnected: false };

/** The server's time in seconds; it stands still while the container does not answer. */
function now() {
  return ((heard.isConnected ? Date.now() : heard.at) + heard.offset) / 1000;
}

function hasEnded() {
  return isNumber(state.exit_code) || state.phase === "complete" || state.phase === "failed";
}

function receive(name, data) {
  const message = JSON.parse(data);
  if (name === "state") {
    state = {};
    series.clear();
    clearLog();
  } else if (name !== "tick") return;
  for (const [member, value] of Object.entries(message)) {
    if (member === "points") addPoints(value);
    else if (member === "series") { series.clear(); addPoints(value); }
    else if (member === "lines") addLines(value);
    else if (member === "log") { clearLog(); addLines(value); }
    else state[member] = value;
  }
  const time = secondsOf(message.now);
  if (time !== null) heard.offset = time * 1000 - Date.now();
  announceChanges();
  showTitle();
  refresh(new Set(Object.keys(message)));
}

function addPoints(added) {
  for (const [name, points] of Object.entries(added ?? {})) {
    const known = series.get(name) ?? [];
    for (const [x, y, seconds] of points) {
      if (isNumber(x)) known.push([x, isNumber(y) ? y : null, isNumber(seconds) ? seconds : 0]);
    }
    series.set(name, known.length > 1600 ? thinned(known, 400) : known);
  }
}

/** Keeps the lowest and the highest point of each of `count` equal parts of the way along x, so that peaks stay. */
function thinned(points, count) {
  let way = 0;
  const ways = points.map((point, index) => (way += index > 0 ? Math.abs(point[0] - points[index - 1][0]) : 0));
  const parts = Array.from({ length: count }, () => []);
  points.forEach((point, index) => parts[Math.min(count - 1, Math.floor(ways[index] / (way || 1) * count))].push(index));
  const kept = new Set([0, points.length - 1]);
  for (const part of parts) {
    const values = part.filter((index) => points[index][1] !== null);
    if (values.length < part.length) kept.add(part.find((index) => points[index][1] === null));
    if (values.length === 0) continue;
    kept.add(values.reduce((low, index) => points[index][1] < points[low][1] ? index : low));
    kept.add(values.reduce((high, index) => points[index][1] > points[high][1] ? index : high));
  }
  return points.filter((_, index) => kept.has(index));
}

function mainLoss() {
  const names = Object.keys(state.metrics ?? {});
  return names.find((name) => name === "loss") ?? names.find((name) => /train.*loss/i.test(name))
    ?? names.find((name) => /loss/i.test(name));
}

function showTitle() {
  const loss = mainLoss();
  const parts = [state.phase ?? "", ...loss ? [`${loss} ${state.metrics[loss]}`] : []].map((part) => visible(part, 40));
  document.title = `${heard.isConnected ? "" : "no answer: "}${parts.join(", ")} · ${visible(state.run, 60)}`;
}

let announced = null;

function announceChanges() {
  const text = `Phase ${visible(state.phase)}. ${visible(state.reason, 500)}`;
  if (announced !== null && announced !== text) setText($("announcer"), text);
  announced = text;
}

// Drawing: at most once a frame, not at all while the page is hidden, and only the sections whose members changed

const dirty = new Set();
let isScheduled = false;

const sections = [
  { draw: drawHeading, members: ["run", "phase", "attempt", "started", "now", "stages", "checkpoints", "cost_usd", "limit"], isTimed: true },
  { draw: drawBanner, members: ["reason", "cause", "next", "exit_code", "phase"] },
  { draw: drawPhases, members: ["phases"], isTimed: true },
  { draw: drawStages, members: ["stages", "steps_per_second"], isTimed: true },
  { draw: drawCurves, members: ["series", "points", "marks"] },
  { draw: drawMetrics, members: ["metrics"] },
  { draw: drawGPUs, members: ["gpus"] },
  { draw: drawHost, members: ["host"] },
  { draw: drawCheckpoints, members: ["checkpoints", "upload", "queued_bytes", "uploaded_bytes"], isTimed: true },
  { draw: drawArtifacts, members: ["artifacts", "run"] },
  { draw: drawChat, members: ["serving", "chat"] },
  { draw: drawLog, members: ["log", "lines"] },
];

/** Schedules the sections that show one of the members; all of them for null. */
function refresh(members) {
  for (const section of sections) {
    if (members === null || members.has("run") || section.members.some((name) => members.has(name))) dirty.add(section.draw);
  }
  schedule();
}

function schedule() {
  if (isScheduled || document.hidden || dirty.size === 0) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    for (const draw of [...dirty]) {
      dirty.delete(draw);
      // A surprise in one section must not take the others along.
      try { draw(); } catch (error) { console.error(error); }
    }
  });
}

setInterval(() => {
  if (document.hidden || $("run").hidden || !heard.isConnected) return;
  for (const section of sections) if (section.isTimed) dirty.add(section.draw);
  schedule();
}, 1000);

// Heading

function drawHeading() {
  setText($("name"), visible(state.run, 300));
  setClass($("name"), "foreign");
  setText($("phase"), visible(state.phase, 60));
  setClass($("phase"), "pill foreign " + ({ failed: "bad", complete: "good" }[state.phase] ?? "active"));
  const code = state.phase === "complete" && isNumber(state.exit_code) ? `, exit code ${state.exit_code}` : "";
  setText($("attempt"), `attempt ${wholeNumber(state.attempt)}${code}`);
  const facts = [elapsedFact(), safeFact(), costFact(), forecastFact(), limitFact()].filter(Boolean);
  drawTiles($("facts"), facts);
}

/** Draws tiles {name, value, sub, tone, fraction}. */
function drawTiles(list, tiles) {
  syncChildren(list, tiles, (tile) => tile.name, (tile) => make("div", {},
    make("dt", { className: "foreign", textContent: visible(tile.name, 60) }),
    make("dd", {}, make("div", { className: "value foreign" }), make("div", { className: "sub" }),
      ...tile.fraction === undefined ? [] : [makeBar()])),
  (child, tile) => {
    setClass(child, tile.tone ?? "");
    const [value, sub, bar] = child.lastElementChild.children;
    setText(value, tile.value);
    setText(sub, tile.sub ?? "");
    sub.hidden = tile.sub === undefined;
    if (bar) setBar(bar, tile.fraction);
  });
}

function makeBar() {
  return make("span", { className: "bar", ariaHidden: "true" }, make("i"));
}

function setBar(bar, fraction, isHot = false) {
  bar.firstElementChild.style.transform = `scaleX(${isNumber(fraction) ? Math.min(1, Math.max(0, fraction)) : 0})`;
  setClass(bar, isHot ? "bar hot" : "bar");
}

function elapsedFact() {
  const started = secondsOf(state.started);
  if (started === null) return null;
  const finished = (state.phases ?? []).map((phase) => secondsOf(phase.finished)).filter((seconds) => seconds !== null);
  const end = hasEnded() && finished.length > 0 ? Math.max(...finished) : now();
  return { name: "Elapsed", value: duration(end - started), sub: `since ${localTime(started)}` };
}

/** Where the run would go on after a loss of the machine now. */
function safeFact() {
  const stages = state.stages ?? [];
  const trained = stages.reduce((sum, stage) => sum + secondsOfStage(stage), 0);
  const verified = (state.checkpoints ?? []).filter((checkpoint) => checkpoint.state === "verified");
  if (verified.length > 0) {
    const newest = verified.reduce((one, other) => (other.seconds ?? 0) >= (one.seconds ?? 0) ? other : one);
    const where = stages.length > 1 ? ` of ${visible(newest.stage, 40)}` : "";
    return { name: "Safe up to", value: `step ${wholeNumber(newest.step)}${where}`, sub: ageOf(newest) };
  }
  const needed = stages.some((stage) => stage.state === "running" || stage.state === "failed");
  if (needed && trained > 600) {
    return { name: "Safe up to", value: "nothing is safe yet", sub: `after ${roughly(trained)} of training`, tone: "bad" };
  }
  return stages.length > 0 ? { name: "Safe up to", value: "no checkpoint yet", sub: "" } : null;
}

function ageOf(checkpoint) {
  return isNumber(checkpoint.seconds) ? ago(now() - checkpoint.seconds) : "";
}

function costFact() {
  if (!isNumber(state.cost_usd) && !isNumber(state.price_usd_per_hour)) return null;
  const price = isNumber(state.price_usd_per_hour) ? `${dollars(state.price_usd_per_hour)} per hour` : "";
  return { name: "Cost so far", value: dollars(state.cost_usd), sub: price };
}

function forecastFact() {
  return isNumber(state.forecast_usd) ? { name: "Forecast", value: dollars(state.forecast_usd), sub: "at the end of the run" } : null;
}

function limitFact() {
  return state.limit ? { name: "Limit", value: withLocalTimes(visible(state.limit)) } : null;
}

function drawBanner() {
  const failed = state.phase === "failed" || (isNumber(state.exit_code) && state.exit_code !== 0);
  $("banner").hidden = !state.reason && !failed;
  setClass($("banner"), failed ? "banner failed" : "banner");
  setText($("banner-title"), failed ? "The run has failed" : "The run waits or has a problem");
  setText($("reason"), visible(state.reason, 2000));
  const advice = [["Cause", state.cause], ["Next step", state.next], ["Exit code", state.exit_code]]
    .filter(([, value]) => value !== null && value !== undefined && value !== "");
  $("advice").replaceChildren(...advice.flatMap(([name, value]) => [
    make("dt", { textContent: name }), make("dd", { className: "foreign", textContent: visible(value, 500) })]));
}

// Phases and stages

function drawPhases() {
  syncChildren($("phases"), state.phases ?? [], (phase) => phase.name, (phase) => make("li", {},
    make("b", { className: "foreign", textContent: visible(phase.name, 40) }), make("span", { className: "unseen" }),
    make("span"), make("span")),
  (child, phase) => {
    const [, spoken, time, length] = child.children;
    const started = secondsOf(phase.started);
    setClass(child, ["done", "running", "failed", "waiting", "skipped"].includes(phase.state) ? phase.state : "waiting");
    if (phase.state === "running") child.setAttribute("aria-current", "step");
    else child.removeAttribute("aria-current");
    setText(spoken, visible(phase.state, 20));
    setText(time, started === null ? "" : localTime(started));
    const seconds = (secondsOf(phase.finished) ?? now()) - started;
    setText(length, started === null ? "" : phase.state === "running" ? duration(seconds) : roughly(seconds));
  });
}

function secondsOfStage(stage) {
  const started = secondsOf(stage.started);
  return started === null || stage.state === "waiting" ? 0 : Math.max(0, (secondsOf(stage.finished) ?? now()) - started);
}

const stageTones = { running: "active", finished: "good", failed: "bad", waiting: "dim", skipped: "dim" };

function drawStages() {
  const stages = state.stages ?? [];
  $("stages").hidden = stages.length === 0;
  syncChildren($("stages").tBodies[0], stages, (stage) => stage.name, () => {
    const row = tableRow(["stage", "state", "time", "step", "remaining", "speed"]);
    row.cells[0].append(make("span", { className: "clip" }));
    row.cells[3].append(make("span"), make("progress", { max: 1 }));
    return row;
  }, drawStage);
}

function drawStage(row, stage) {
  const isRunning = stage.state === "running";
  const name = visible(stage.name, 80);
  const started = secondsOf(stage.started);
  const time = started === null ? "" : `${localTime(started)}, ${duration(secondsOfStage(stage))}`;
  const eta = isRunning && isNumber(stage.eta_seconds) ? duration(stage.eta_seconds) : "";
  const speed = isRunning && isNumber(state.steps_per_second) ? `${+state.steps_per_second.toPrecision(3)} steps/s` : "";
  setText(row.cells[0].firstElementChild, name);
  setCells(row, [null, [visible(stage.state, 30), stageTones[stage.state] ?? ""], time, null, eta, speed]);
  const [step, progress] = row.cells[3].children;
  const hasSteps = isNumber(stage.step) && isNumber(stage.steps) && stage.steps > 0;
  setText(step, !isNumber(stage.step) ? "" : hasSteps ? `${wholeNumber(stage.step)} of ${wholeNumber(stage.steps)}` : wholeNumber(stage.step));
  progress.hidden = !hasSteps;
  if (!hasSteps) return;
  progress.value = Math.min(1, stage.step / stage.steps);
  progress.ariaLabel = `${name}, steps`;
}

// Curves. All charts share one view: what x is, the zoomed range and the cursor.

const view = { isTime: false, isLog: false, smoothing: 0, whole: null, range: null, cursor: null };
/** The names chosen for the large chart, null for those that look like a loss. */
let chosen = null;
let showsAllCharts = false;
let charts = [];
let chartNames = "";

const xOf = (point) => view.isTime ? point[2] : point[0];
const looksLikeLoss = (name) => /loss|nll|entropy|bits_per_byte/i.test(name);

function largeNames() {
  const names = [...series.keys()];
  if (chosen) return names.filter((name) => chosen.has(name));
  const losses = names.filter(looksLikeLoss);
  return losses.length > 0 ? losses : names.slice(0, 1);
}

function drawCurves() {
  const names = [...series.keys()];
  const large = largeNames();
  const small = names.filter((name) => !large.includes(name));
  const shown = showsAllCharts ? small : small.slice(0, 6);
  const arrangement = JSON.stringify([names, large, shown]);
  if (arrangement !== chartNames) {
    chartNames = arrangement;
    arrangeCharts(names, large, small, shown);
  }
  drawCharts();
}

function arrangeCharts(names, large, small, shown) {
  const old = new Map(charts.map((chart) => [chart.id, chart]));
  const reuse = (list, isLarge) => old.get(Chart.id(list, isLarge)) ?? new Chart(list, isLarge);
  const first = large.length > 0 ? [reuse(large, true)] : [];
  const others = shown.map((name) => reuse([name], false));
  charts = [...first, ...others];
  $("large-chart").replaceChildren(...first.map((chart) => chart.element));
  syncChildren($("small-charts"), others, (chart) => chart.id, (chart) => chart.element);
  for (const id of ["curve-tools", "choice"]) $(id).hidden = names.length === 0;
  $("no-curves").hidden = names.length > 0;
  $("more-charts").hidden = small.length <= 6;
  setText($("more-charts"), showsAllCharts ? "Show 6 curves" : `Show all ${small.length} other curves`);
  syncChildren($("choice-list"), names, (name) => name, (name) => make("label", {},
    make("input", { type: "checkbox", onchange: (event) => choose(name, event.target.checked) }),
    make("span", { className: "foreign", textContent: visible(name, 80) })),
  (label, name) => { label.firstElementChild.checked = large.includes(name); });
}

function choose(name, isChosen) {
  chosen = new Set(largeNames());
  if (isChosen) chosen.add(name); else chosen.delete(name);
  drawCurves();
}

function drawCharts() {
  view.whole = wholeRange();
  for (const chart of charts) chart.draw();
  const isZoomed = view.range !== null;
  $("zoom-reset").disabled = $("zoom-out").disabled = !isZoomed;
}

/** The lowest and highest x of all series, null without points. */
function wholeRange() {
  let low = Infinity, high = -Infinity;
  for (const points of series.values()) {
    for (const point of points) {
      const x = xOf(point);
      if (x < low) low = x;
      if (x > high) high = x;
    }
  }
  if (low > high) return null;
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function zoomTo(range) {
  const whole = view.whole;
  if (range && whole) {
    range = [Math.max(range[0], whole[0]), Math.min(range[1], whole[1])];
    if (range[0] <= whole[0] && range[1] >= whole[1]) range = null;
    else if (!(range[1] > range[0])) return;
  }
  view.range = range;
  drawCharts();
}

/** Zooms by a factor about the cursor, or about the newest values, which are what is looked at most. */
function zoomBy(factor) {
  const range = view.range ?? view.whole;
  if (!range) return;
  const centre = view.cursor ?? range[1];
  zoomTo([centre - (centre - range[0]) * factor, centre + (range[1] - centre) * factor]);
}

function setCursor(x) {
  view.cursor = x;
  for (const chart of charts) chart.drawCursor();
}

/**
 * The exponential moving average without the bias of its beginning.
 *
 * The weight holds for 1/800 of the axis, so that a curve with few points is not smoothed more than one with many.
 */
function smoothed(points, weight) {
  const unit = view.whole ? (view.whole[1] - view.whole[0]) / 800 : 1;
  let sum = 0, share = 0, last = null;
  return points.map((point) => {
    const [x, y, seconds] = point;
    if (y === null) return point;
    const way = last === null ? 0 : Math.abs(xOf(point) - last) / unit;
    const kept = weight ** (way || 1);
    last = xOf(point);
    sum = sum * kept + y * (1 - kept);
    share = share * kept + (1 - kept);
    return [x, sum / share, seconds];
  });
}

function niceStep(span, count) {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.9) * power;
}

function multiplesIn(low, high, step, offset = 0) {
  const ticks = [];
  for (let n = Math.ceil((low - offset) / step); n * step + offset <= high && ticks.length < 50; n += 1) ticks.push(n * step + offset);
  return ticks;
}

function linearTicks(low, high, count) {
  const step = niceStep(high - low, count);
  const size = Math.max(Math.abs(low), Math.abs(high));
  const [unit, suffix] = size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  // A step of 25 needs one digit more than one of 20.
  const digits = Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)) + (step.toExponential(1).startsWith("2.5") && step / unit < 10 ? 1 : 0);
  const write = (value) => {
    if (value === 0) return "0";
    if (size < 1e-3 || size >= 1e9) return value.toExponential(1).replace("e+", "e").replace(".0e", "e");
    return (value / unit).toFixed(Math.min(digits, 6)) + suffix;
  };
  return multiplesIn(low, high, step).map((value) => [value, write(Math.abs(value) < step / 1e6 ? 0 : value)]);
}

function logTicks(low, high, count) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (value >= low && value <= high) ticks.push([value, shortNumber(+value.toPrecision(3)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")]);
    }
  }
  if (ticks.length < 2) return linearTicks(low, high, count);
  const decades = ticks.filter(([value]) => Math.abs(Math.log10(value) % 1) < 1e-9);
  const kept = ticks.length > count * 2 && decades.length > 1 ? decades : ticks;
  const stride = Math.ceil(kept.length / (count * 1.5));
  return kept.filter((_, index) => index % stride === 0);
}

const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

function timeTicks(low, high, count) {
  const step = timeSteps.find((size) => size >= (high - low) / count) ?? Math.ceil((high - low) / count / 86400) * 86400;
  const offset = new Date(low * 1000).getTimezoneOffset() * 60;
  return multiplesIn(low, high, step, offset).map((value) => [value, step >= 86400 ? dayFormat.format(value * 1000) : clock(value, step < 60)]);
}

class Chart {
  static id(names, isLarge) { return JSON.stringify([isLarge, names]); }

  constructor(names, isLarge) {
    this.id = Chart.id(names, isLarge);
    this.names = names;
    this.isLarge = isLarge;
    this.off = new Set();
    this.margin = { left: 46, right: 8, top: isLarge ? 18 : 6, bottom: 20 };
    this.build();
    // To ask for the size at each update would make the browser lay out the page once for each chart.
    new ResizeObserver(([entry]) => { this.size = entry.contentRect; this.draw(); }).observe(this.svg);
  }

  build() {
    this.axes = makeSVG("g");
    this.curves = makeSVG("g");
    this.pointer = makeSVG("g");
    // A nested svg clips what a zoom leaves outside, without an id that could clash.
    this.plot = makeSVG("svg", {}, this.curves, this.pointer);
    const title = this.names.map((name) => visible(name, 40)).slice(0, 8).join(", ");
    this.svg = makeSVG("svg", { class: "chart", tabindex: "0", role: "slider", "aria-valuemin": 0,
      "aria-label": `Curve of ${title}. Arrow keys move the cursor, plus and minus zoom, Escape resets.` }, this.axes, this.plot);
    this.keys = new Map(this.names.map((name, index) => [name, this.makeKey(name, index)]));
    this.readout = make("span", { className: "readout" });
    const head = make("div", { className: "chart-head" }, ...[...this.keys.values()].map((key) => key.node), this.readout);
    this.element = make("figure", { className: this.isLarge ? "large" : "small" }, head, this.svg);
    this.listen();
  }

  style(index) { return `s${index % 8} d${Math.floor(index / 8) % 3}`; }

  makeKey(name, index) {
    const value = make("b", { textContent: NOTHING });
    const line = makeSVG("svg", { viewBox: "0 0 18 6", "aria-hidden": "true" },
      makeSVG("path", { d: "M1 3H17", class: "curve " + this.style(index) }));
    const parts = [line, make("span", { className: "label foreign", textContent: visible(name, 60), title: visible(name, 200) }), value];
    if (!this.isLarge) return { node: make("span", { className: "key" }, ...parts), value };
    const node = make("button", { type: "button", className: "key", ariaPressed: "true", onclick: () => this.toggle(name) }, ...parts);
    return { node, value };
  }

  toggle(name) {
    if (!this.off.delete(name)) this.off.add(name);
    this.keys.get(name).node.ariaPressed = String(!this.off.has(name));
    this.draw();
  }

  get on() { return this.names.filter((name) => !this.off.has(name)); }

  points(name) { return series.get(name) ?? []; }

  draw() {
    const { width = 0, height } = this.size ?? {};
    const range = view.range ?? view.whole;
    if (width === 0 || !range) return;
    const { left, right, top, bottom } = this.margin;
    this.width = width - left - right;
    this.height = height - top - bottom;
    this.range = range;
    this.values = this.valueRange();
    for (const [name, value] of Object.entries({ x: left, y: top, width: this.width, height: this.height })) this.plot.setAttribute(name, value);
    this.drawAxes();
    this.drawLines();
    this.drawCursor();
  }

  valueRange() {
    let low = Infinity, high = -Infinity;
    for (const name of this.on) {
      for (const point of this.points(name)) {
        const x = xOf(point), y = point[1];
        if (y === null || x < this.range[0] || x > this.range[1] || (view.isLog && y <= 0)) continue;
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
    if (low > high) return view.isLog ? [0.1, 1] : [0, 1];
    if (view.isLog) return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.05, high * (high / low) ** 0.05];
    const edge = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
    return [low - edge, high + edge];
  }

  toX(x) { return (x - this.range[0]) / (this.range[1] - this.range[0]) * this.width; }

  toY(y) {
    const [low, high] = this.values;
    const share = view.isLog ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low);
    return y > 0 || !view.isLog ? (1 - share) * this.height : NaN;
  }

  drawAxes() {
    const { left, top } = this.margin;
    const bottom = top + this.height;
    const parts = [];
    const rows = Math.max(3, Math.round(this.height / 38));
    for (const [value, text] of (view.isLog ? logTicks : linearTicks)(...this.values, rows)) {
      const y = top + this.toY(value);
      parts.push(makeSVG("line", { class: "grid", x1: left, x2: left + this.width, y1: y, y2: y }));
      parts.push(makeSVG("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, text));
    }
    const columns = Math.max(2, Math.round(this.width / 80));
    for (const [value, text] of (view.isTime ? timeTicks : linearTicks)(...this.range, columns)) {
      const x = left + this.toX(value);
      const anchor = x > left + this.width - 14 ? "end" : "middle";
      parts.push(makeSVG("line", { class: "grid", x1: x, x2: x, y1: bottom, y2: bottom + 4 }));
      parts.push(makeSVG("text", { x, y: bottom + 16, "text-anchor": anchor }, text));
    }
    parts.push(makeSVG("line", { class: "grid", x1: left, x2: left + this.width, y1: bottom, y2: bottom }));
    this.axes.replaceChildren(...parts, ...this.marks());
  }

  /** The borders of stages and attempts, with names where there is room. */
  marks() {
    const { left, top } = this.margin;
    const parts = [];
    let free = -Infinity;
    const placed = (state.marks ?? []).map((mark) => [view.isTime ? mark.seconds : mark.x, mark])
      .filter(([x]) => isNumber(x) && x >= this.range[0] && x <= this.range[1]).sort((one, other) => one[0] - other[0]);
    for (const [value, mark] of placed.slice(0, 200)) {
      const x = left + this.toX(value);
      const kind = mark.kind === "attempt" ? "attempt" : "stage";
      parts.push(makeSVG("line", { class: `mark ${kind}`, x1: x, x2: x, y1: top - 4, y2: top + this.height }));
      const text = visible(mark.name, 24);
      const length = text.length * 6.2;
      if (!this.isLarge || x - 2 < free) continue;
      const fits = x + length < left + this.width;
      if (!fits && x - length < free) continue;
      parts.push(makeSVG("text", { class: kind, x: fits ? x + 3 : x - 3, y: top - 6, "text-anchor": fits ? "start" : "end" }, text));
      free = fits ? x + length : x;
    }
    return parts;
  }

  drawLines() {
    const parts = [];
    this.names.forEach((name, index) => {
      if (this.off.has(name)) return;
      const points = this.points(name);
      if (view.smoothing > 0) {
        parts.push(makeSVG("path", { class: "raw " + this.style(index), d: this.path(points) }));
        parts.push(makeSVG("path", { class: "curve " + this.style(index), d: this.path(smoothed(points, view.smoothing)) }));
      } else parts.push(makeSVG("path", { class: "curve " + this.style(index), d: this.path(points) }));
    });
    this.curves.replaceChildren(...parts);
  }

  /** The line through the points, broken at gaps and where an attempt went back to an earlier step. */
  path(points) {
    let path = "", isDown = false, last = -Infinity;
    for (const point of points) {
      const y = point[1] === null ? NaN : this.toY(point[1]);
      const x = this.toX(xOf(point));
      if (!Number.isFinite(y)) { isDown = false; continue; }
      // "h0" makes a lone point between two gaps a visible dot.
      path += isDown && x >= last ? `L${x.toFixed(1)} ${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
      isDown = true;
      last = x;
    }
    return path;
  }

  /** The newest of the points that are nearest to x. */
  nearest(points, x) {
    let best = null, distance = Infinity;
    for (const point of points) {
      const gap = Math.abs(xOf(point) - x);
      if (gap <= distance) { distance = gap; best = point; }
    }
    return best;
  }

  drawCursor() {
    if (!this.range) return;
    const parts = [];
    let at = null;
    this.names.forEach((name, index) => {
      const points = this.points(name);
      const point = view.cursor === null ? points.at(-1) : this.nearest(points, view.cursor);
      setText(this.keys.get(name).value, shortNumber(point?.[1]));
      if (!point || this.off.has(name)) return;
      at ??= point;
      const y = point[1] === null ? NaN : this.toY(point[1]);
      if (view.cursor !== null && Number.isFinite(y)) parts.push(makeSVG("circle", { class: "dot " + this.style(index), r: 4, cx: this.toX(xOf(point)), cy: y }));
    });
    if (at && view.cursor !== null) {
      const x = this.toX(xOf(at));
      parts.unshift(makeSVG("line", { class: "cursor", x1: x, x2: x, y1: 0, y2: this.height }));
    }
    if (this.dragged) parts.push(makeSVG("rect", { class: "selection", x: this.dragged[0], width: this.dragged[1] - this.dragged[0], y: 0, height: this.height }));
    this.pointer.replaceChildren(...parts);
    this.describe(at);
  }

  describe(point) {
    const where = point ? `step ${wholeNumber(point[0])}` : "";
    if (this.isLarge) setText(this.readout, point ? `${view.cursor === null ? "newest: " : ""}${where} at ${clock(point[2])}` : "");
    else setText(this.readout, view.cursor === null ? "" : where);
    // While the focus is here only the arrow keys change the value, else each update would be read out.
    if (document.activeElement === this.svg && !this.isMoved) return;
    const points = this.points(this.on[0]);
    const values = this.on.map((name) => `${visible(name, 40)} ${this.keys.get(name).value.textContent}`).join(", ");
    this.svg.setAttribute("aria-valuemax", Math.max(0, points.length - 1));
    this.svg.setAttribute("aria-valuenow", Math.max(0, points.indexOf(point)));
    this.svg.setAttribute("aria-valuetext", `${where}: ${values}`);
  }

  listen() {
    let start = null;
    const place = (event) => event.clientX - this.svg.getBoundingClientRect().left - this.margin.left;
    const toValue = (x) => this.range[0] + Math.min(1, Math.max(0, x / this.width)) * (this.range[1] - this.range[0]);
    const point = (x) => {
      const near = this.nearest(this.points(this.on[0]), toValue(x));
      if (near) setCursor(xOf(near));
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (!this.range || event.button !== 0) return;
      // A finger moves the cursor; only a mouse or a pen drags a range.
      if (event.pointerType !== "touch") start = place(event);
      this.svg.setPointerCapture(event.pointerId);
      point(place(event));
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (!this.range) return;
      const x = Math.min(this.width, Math.max(0, place(event)));
      if (start !== null && Math.abs(x - start) > 5) this.dragged = [Math.min(start, x), Math.max(start, x)];
      point(x);
    });
    const end = (isDone) => {
      const dragged = this.dragged;
      this.dragged = start = null;
      if (dragged && isDone) zoomTo(dragged.map(toValue));
      else this.drawCursor();
    };
    this.svg.addEventListener("pointerup", () => end(true));
    this.svg.addEventListener("pointercancel", () => end(false));
    this.svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") setCursor(null); });
    this.svg.addEventListener("dblclick", () => zoomTo(null));
    this.svg.addEventListener("blur", () => setCursor(null));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.range) return;
    const points = this.points(this.on[0]).filter((point) => xOf(point) >= this.range[0] && xOf(point) <= this.range[1]);
    const step = event.shiftKey ? 10 : 1;
    const current = view.cursor === null ? points.length : points.indexOf(this.nearest(points, view.cursor));
    const targets = { ArrowLeft: current - step, ArrowDown: current - step, ArrowRight: current + step, ArrowUp: current + step, Home: 0, End: points.length - 1 };
    const actions = { "+": () => zoomBy(0.5), "-": () => zoomBy(2), "0": () => zoomTo(null), Escape: () => { setCursor(null); zoomTo(null); } };
    if (event.key in targets && points.length > 0) {
      this.isMoved = true;
      setCursor(xOf(points[Math.min(points.length - 1, Math.max(0, targets[event.key]))]));
      this.isMoved = false;
    } else if (event.key in actions) actions[event.key]();
    else return;
    event.preventDefault();
  }
}

$("axis").addEventListener("change", (event) => {
  Object.assign(view, { isTime: event.target.value === "time", range: null, cursor: null });
  drawCharts();
});
$("log-scale").addEventListener("change", (event) => { view.isLog = event.target.checked; drawCharts(); });
$("smoothing").addEventListener("input", (event) => { view.smoothing = Number(event.target.value); drawCharts(); });
$("zoom-in").addEventListener("click", () => zoomBy(0.5));
$("zoom-out").addEventListener("click", () => zoomBy(2));
$("zoom-reset").addEventListener("click", () => zoomTo(null));
$("more-charts").addEventListener("click", () => { showsAllCharts = !showsAllCharts; drawCurves(); });

/** Metrics that have no curve, because their values are no numbers. */
function drawMetrics() {
  const tiles = Object.entries(state.metrics ?? {}).filter(([name]) => !series.has(name)).slice(0, 40);
  drawTiles($("metrics"), tiles.map(([name, value]) => ({ name, value: visible(value, 80) })));
}

// GPUs and host

let highestPower = 100;

function drawGPUs() {
  const gpus = state.gpus ?? [];
  const names = [...new Set(gpus.map((gpu) => visible(gpu.name, 60)))];
  $("gpus").hidden = gpus.length === 0;
  $("no-gpus").hidden = gpus.length > 0;
  setText($("gpu-names"), `${gpus.length} × ${names.slice(0, 3).join(", ")}`);
  highestPower = Math.max(highestPower, ...gpus.map((gpu) => isNumber(gpu.power) ? gpu.power : 0));
  syncChildren($("gpus").tBodies[0], gpus, (gpu) => gpu.index, () => {
    const row = tableRow(["gpu", "load", "memory", "temperature", "power"]);
    for (const cell of [...row.cells].slice(1)) cell.append(make("span"), makeBar());
    return row;
  }, drawGPU);
}

function drawGPU(row, gpu) {
  const memory = gpu.memory_used / gpu.memory_total;
  const unit = (value, name) => isNumber(value) ? `${Math.round(value)} ${name}` : NOTHING;
  setText(row.cells[0], String(gpu.index));
  const cells = [
    [unit(gpu.utilization, "%"), gpu.utilization / 100], [usedOf(gpu.memory_used, gpu.memory_total), memory],
    [unit(gpu.temperature, "°C"), gpu.temperature / 100, gpu.temperature >= 85], [unit(gpu.power, "W"), gpu.power / highestPower],
  ];
  cells.forEach(([text, fraction, isHot], index) => {
    const [label, bar] = row.cells[index + 1].children;
    setText(label, text);
    setBar(bar, fraction, isHot);
  });
}

function usedOf(used, total) {
  const [text, whole] = [bytes(used), bytes(total)];
  if (!isNumber(used) || !isNumber(total)) return text;
  const unit = whole.slice(whole.indexOf(" "));
  return `${text.endsWith(unit) ? text.slice(0, -unit.length) : text} of ${whole}`;
}

function drawHost() {
  const host = state.host;
  const tiles = !host ? [] : [
    { name: "CPU", value: percent(host.cpu), sub: isNumber(host.cpus) ? `of ${wholeNumber(host.cpus)} cores` : "", fraction: host.cpu },
    { name: "Memory", value: bytes(host.memory_used), sub: `of ${bytes(host.memory_total)}`, fraction: host.memory_used / host.memory_total },
    { name: "Disk", value: `${bytes(host.disk_free)} free`, sub: `of ${bytes(host.disk_total)}`, fraction: 1 - host.disk_free / host.disk_total },
    { name: "Network", value: `${bytes(host.received_per_second)}/s in`, sub: `${bytes(host.sent_per_second)}/s out` },
  ];
  drawTiles($("host"), tiles);
}

// Checkpoints

const checkpointTones = { verified: "good", uploading: "active", waiting: "dim", failed: "bad" };
let showsAllCheckpoints = false;

function drawCheckpoints() {
  const all = [...state.checkpoints ?? []].reverse();
  const shown = all.slice(0, showsAllCheckpoints ? 500 : 8);
  $("checkpoints").hidden = all.length === 0;
  setText($("upload"), state.upload ? `Uploading ${visible(state.upload)}` : all.length === 0 ? "No checkpoint yet." : "No upload is under way.");
  setClass($("upload"), "foreign" + (state.upload ? "" : " dim"));
  setText($("queue"), `${bytes(state.uploaded_bytes ?? 0)} uploaded, ${bytes(state.queued_bytes ?? 0)} waiting`);
  syncChildren($("checkpoints").tBodies[0], shown, (checkpoint) => `${checkpoint.stage}/${checkpoint.step}`,
    () => {
      const row = tableRow(["checkpoint", "state", "size", "saved"]);
      for (const index of [0, 3]) row.cells[index].append(make("span"), " ", make("span"));
      for (const index of [0, 3]) row.cells[index].classList.add("pair");
      return row;
    }, drawCheckpoint);
  $("more-checkpoints").hidden = all.length <= 8;
  setText($("more-checkpoints"), showsAllCheckpoints ? "Show the newest 8" : `Show all ${all.length} checkpoints`);
}

function drawCheckpoint(row, checkpoint) {
  const hasTime = isNumber(checkpoint.seconds);
  setPair(row.cells[0], visible(checkpoint.stage, 24), `step ${wholeNumber(checkpoint.step)}`);
  setPair(row.cells[3], hasTime ? localTime(checkpoint.seconds) : NOTHING, hasTime ? ageOf(checkpoint) : "");
  setCells(row, [null, [visible(checkpoint.state, 20), checkpointTones[checkpoint.state] ?? ""], [bytes(checkpoint.bytes), "number"], null]);
}

function setPair(cell, first, second) {
  setText(cell.firstElementChild, first);
  setText(cell.lastElementChild, second);
}

$("more-checkpoints").addEventListener("click", () => { showsAllCheckpoints = !showsAllCheckpoints; drawCheckpoints(); });

// Artifacts: a link alone could not send the token, so that files are fetched here and saved from here.

function drawArtifacts() {
  const artifacts = (state.artifacts ?? []).slice(0, 500);
  $("artifact-section").hidden = artifacts.length === 0;
  syncChildren($("artifacts").tBodies[0], artifacts, (artifact) => `${artifact.into}/${artifact.path}`, (artifact) => {
    const row = tableRow(["file", "size", "download"]);
    const note = make("div", { className: "dim" });
    row.cells[0].append(make("div", { textContent: visible(`${artifact.into}/${artifact.path}`, 200) }), note);
    row.cells[2].append(make("button", { type: "button", textContent: "Download", ariaLabel: `Download ${visible(artifact.path, 100)}` }));
    const button = row.cells[2].firstElementChild;
    button.addEventListener("click", () => download(row.artifact, button, note));
    return row;
  }, (row, artifact) => { row.artifact = artifact; setCells(row, [null, [bytes(artifact.bytes), "number"], null]); });
}

const downloads = new WeakMap();

async function download(artifact, button, note) {
  if (downloads.has(button)) return downloads.get(button).abort();
  const abort = new AbortController();
  downloads.set(button, abort);
  setText(button, "Cancel");
  try {
    await save(artifact, abort.signal, (text) => setText(note, text));
  } catch (error) {
    setText(note, error.name === "AbortError" ? "cancelled" : visible(error.message, 300));
  }
  downloads.delete(button);
  setText(button, "Download");
}

async function save(artifact, signal, report) {
  const name = visible(artifact.path, 200).split("/").pop() || "artifact";
  const canStream = "showSaveFilePicker" in window;
  if (artifact.bytes > BLOB_LIMIT && !canStream) throw new Error(tooLarge());
  const file = artifact.bytes > PICKER_FROM && canStream ? await window.showSaveFilePicker({ suggestedName: name }) : null;
  report("waiting for the container");
  const response = await fetch(ownURL(artifact.link), { headers: authorization(), signal, cache: "no-store" });
  if (!response.ok) throw new Error(await refusalText(response));
  const sink = file ? await file.createWritable() : new BlobSink(name);
  try {
    const count = await copy(response.body, sink, (copied) => report(usedOf(copied, artifact.bytes)));
    if (isNumber(artifact.bytes) && count !== artifact.bytes) throw new Error(`the connection broke at ${usedOf(count, artifact.bytes)}`);
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error instanceof TypeError ? new Error("the connection broke; try again") : error;
  }
  await sink.close();
  report("saved");
}

async function copy(body, sink, report) {
  const reader = body.getReader();
  let count = 0, reported = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return count;
    await sink.write(value);
    count += value.length;
    if (Date.now() - reported > 300) { reported = Date.now(); report(count); }
  }
}

const tooLarge = () => `this browser cannot save files of this size; "caasctl fetch ${visible(state.run, 100)}" brings it`;

/** Collects a file in memory, for browsers that cannot write into one. */
class BlobSink {
  constructor(name) { Object.assign(this, { name, parts: [], size: 0 }); }

  async write(part) {
    this.size += part.length;
    if (this.size > BLOB_LIMIT) throw new Error(tooLarge());
    this.parts.push(part);
  }

  async abort() { this.parts = []; }

  async close() {
    const url = URL.createObjectURL(new Blob(this.parts, { type: "application/octet-stream" }));
    make("a", { href: url, download: this.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

/** The address of a path of this container; the token goes to no other. */
function ownURL(path) {
  const url = new URL(String(path), location.origin);
  if (url.origin !== location.origin) throw new Error("the address is not this container's");
  return url;
}

async function refusalText(response) {
  const text = (await response.text().catch(() => "")).trim();
  return `${response.status}${text ? ": " + visible(text, 500) : ""}`;
}

// Chat

let conversation = [];
let answering = null;

function drawChat() {
  $("chat-section").hidden = !(state.serving && state.chat);
}

function addMessage(role, text) {
  const paragraph = make("p", { textContent: text });
  $("messages").append(make("li", { className: role }, make("span", { className: "dim", textContent: role === "user" ? "You" : "Model" }), paragraph));
  $("messages").scrollTop = $("messages").scrollHeight;
  return paragraph;
}

async function ask(question) {
  const abort = answering = new AbortController();
  setAnswering(true);
  setText($("chat-note"), "");
  const messages = [...conversation, { role: "user", content: question }];
  addMessage("user", question);
  const paragraph = addMessage("assistant", "");
  let answer = "";
  try {
    for await (const part of answerParts(messages, abort.signal)) {
      answer += part;
      const isAtEnd = endDistance($("messages")) < 8;
      paragraph.append(part);
      if (isAtEnd) $("messages").scrollTop = $("messages").scrollHeight;
    }
  } catch (error) {
    if (!abort.signal.aborted) setText($("chat-note"), `No answer: ${visible(error.message, 500)}`);
  }
  if (answer) conversation = [...messages, { role: "assistant", content: answer }];
  else paragraph.parentNode.remove();
  setAnswering(false);
}

async function* answerParts(messages, signal) {
  const response = await fetch(ownURL(state.chat), {
    method: "POST", signal, headers: { ...authorization(), "Content-Type": "application/json" },
    body: JSON.stringify({ messages, stream: true }),
  });
  if (!response.ok) throw new Error(await refusalText(response));
  if (!/event-stream/.test(response.headers.get("Content-Type"))) {
    yield String((await response.json()).choices[0].message.content);
    return;
  }
  for await (const line of linesOf(response.body)) {
    if (!line.startsWith("data:")) continue;
    const data = line.slice(5).trim();
    if (data === "[DONE]") return;
    const message = JSON.parse(data);
    if (message.error) throw new Error(String(message.error.message ?? message.error));
    const part = message.choices?.[0]?.delta?.content;
    if (part) yield String(part);
  }
}

function setAnswering(isOn) {
  $("send").disabled = isOn;
  $("stop").disabled = !isOn;
  $("forget").disabled = isOn || conversation.length === 0;
  $("messages").setAttribute("aria-busy", isOn);
}

$("chat").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = $("question").value.trim();
  if (!question || $("send").disabled) return;
  $("question").value = "";
  ask(question);
});
$("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("chat").requestSubmit();
});
$("stop").addEventListener("click", () => answering?.abort());
$("forget").addEventListener("click", () => {
  conversation = [];
  $("messages").replaceChildren();
  setAnswering(false);
});

// Log: lines are kept in blocks, of which the browser lays out only those in sight

let lines = [];
let pending = [];
const sources = new Set();
const logView = { query: null, source: "", isFollowing: true, top: 0, shown: 0, notice: "", noticeEnd: 0 };

function clearLog() {
  lines = [];
  pending = [];
  logView.shown = 0;
  $("log").replaceChildren();
}

function addLines(added) {
  for (const { time, source, line } of added ?? []) {
    pending.push({ seconds: secondsOf(time), source: visible(source, 60), text: visible(String(line ?? "").replace(ANSI, ""), 20_000), row: null });
  }
  if (pending.length > MAX_LINES) pending.splice(0, pending.length - MAX_LINES);
}

function drawLog() {
  const fresh = pending;
  pending = [];
  lines.push(...fresh);
  // A hundred at once, so that a full log does not lose a line with every line that comes.
  const surplus = lines.length > MAX_LINES ? Math.ceil((lines.length - MAX_LINES) / 100) * 100 : 0;
  const dropped = lines.splice(0, surplus);
  dropRows(dropped);
  offerSources(fresh);
  appendRows(fresh.slice(Math.max(0, fresh.length - lines.length)));
  if (logView.isFollowing) scrollToEnd();
  showCount();
}

const matches = (line) => (!logView.source || line.source === logView.source) && (!logView.query || line.text.search(logView.query) >= 0);

function appendRows(added) {
  for (const line of added) {
    if (!matches(line)) continue;
    let block = $("log").lastElementChild;
    if (!block || block.childElementCount >= LINES_PER_BLOCK) {
      block?.classList.remove("open");
      // The block that grows has its true height, else each line would move the end.
      block = make("div", { className: "block open" });
      $("log").append(block);
      sizes.observe(block);
    }
    line.row = makeEntry(line);
    block.append(line.row);
    logView.shown += 1;
  }
}

function dropRows(dropped) {
  const before = $("log").scrollHeight;
  for (const { row } of dropped) {
    if (!row) continue;
    const block = row.parentNode;
    row.remove();
    logView.shown -= 1;
    if (block.childElementCount === 0) block.remove();
  }
  // Safari before 26 does not hold what is read in its place when lines above it go.
  if (dropped.length > 0 && !logView.isFollowing && !CSS.supports("overflow-anchor", "auto")) $("log").scrollTop -= before - $("log").scrollHeight;
}

function makeEntry(line) {
  const text = make("span", { className: "text" });
  fillText(text, line.text.slice(0, SHOWN_CHARACTERS));
  const entry = make("div", { className: line.source === "caas" ? "entry caas" : "entry" },
    make("time", { textContent: line.seconds === null ? "" : clock(line.seconds), title: line.seconds === null ? "" : localTime(line.seconds) }), " ",
    make("span", { className: "from foreign", textContent: line.source }), " ", text);
  const more = line.text.length - SHOWN_CHARACTERS;
  if (more > 0) {
    entry.append(" ", make("button", { type: "button", textContent: `${wholeNumber(more)} more characters`,
      onclick: (event) => { event.target.remove(); fillText(text, line.text); } }));
  }
  return entry;
}

/** Fills in a text with what is searched for marked. */
function fillText(node, text) {
  if (!logView.query) return node.replaceChildren(text);
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(logView.query)) {
    parts.push(text.slice(end, match.index), make("mark", { textContent: match[0] }));
    end = match.index + match[0].length;
    if (parts.length > 400) break;
  }
  node.replaceChildren(...parts, text.slice(end));
}

function offerSources(added) {
  for (const { source } of added) {
    if (sources.has(source) || sources.size >= 100) continue;
    sources.add(source);
    $("source").append(make("option", { value: source, textContent: visible(source, 30) }));
  }
}

function refillLog() {
  $("log").replaceChildren();
  logView.shown = 0;
  for (const line of lines) line.row = null;
  appendRows(lines);
  if (logView.isFollowing) scrollToEnd();
  showCount();
}

function showCount() {
  const all = `${wholeNumber(lines.length)} lines`;
  const count = logView.shown === lines.length ? all : `${wholeNumber(logView.shown)} of ${all}`;
  setText($("log-count"), Date.now() < logView.noticeEnd ? logView.notice : count);
}

const endDistance = (node) => node.scrollHeight - node.scrollTop - node.clientHeight;

function scrollToEnd() {
  $("log").scrollTop = $("log").scrollHeight;
  logView.top = $("log").scrollTop;
}

function setFollowing(isOn) {
  logView.isFollowing = $("follow").checked = isOn;
}

// Blocks that come into sight take their true height, which moves the end.
const sizes = new ResizeObserver(() => { if (logView.isFollowing) scrollToEnd(); });

$("log").addEventListener("scroll", () => {
  const top = $("log").scrollTop;
  if (endDistance($("log")) < 8) setFollowing(true);
  else if (top < logView.top - 2) setFollowing(false);
  logView.top = top;
}, { passive: true });
$("follow").addEventListener("change", (event) => { setFollowing(event.target.checked); if (event.target.checked) scrollToEnd(); });
$("source").addEventListener("change", (event) => { logView.source = event.target.value; refillLog(); });

let searchTimer = 0;
$("search").addEventListener("input", (event) => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => {
    const text = event.target.value;
    logView.query = text ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi") : null;
    refillLog();
  }, 150);
});

$("copy").addEventListener("click", async () => {
  const copied = lines.filter(matches);
  const text = copied.map((line) => `${line.seconds === null ? "" : new Date(line.seconds * 1000).toISOString()} ${line.source} ${line.text}\n`).join("");
  const isDone = await navigator.clipboard?.writeText(text).then(() => true, () => false) ?? copyBySelection(text);
  Object.assign(logView, { notice: isDone ? `${wholeNumber(copied.length)} lines copied` : "copying is not allowed here", noticeEnd: Date.now() + 3000 });
  setText($("announcer"), logView.notice);
  showCount();
  setTimeout(showCount, 3100);
});

/** Pages without TLS have no clipboard API. */
function copyBySelection(text) {
  const field = make("textarea", { value: text, className: "unseen", readOnly: true });
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}

// Connection

let token = "";
let session = 0;
let stopReading = null;
let wake = null;

class Refusal extends Error {}

const authorization = () => ({ Authorization: "Bearer " + token });

/** The lines of a body, each as soon as it is complete. */
async function* linesOf(body, onChunk = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let unfinished = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      onChunk();
      const pieces = decoder.decode(value, { stream: true }).split("\n");
      for (const piece of pieces.slice(0, -1)) {
        unfinished.push(piece);
        yield unfinished.join("").replace(/\r$/, "");
        unfinished = [];
      }
      unfinished.push(pieces.at(-1));
    }
  } finally { reader.cancel().catch(() => {}); }
}

/** Reads one stream of events to its end; `onState` is called when the run's state has come. */
async function readEvents(onState) {
  const abort = new AbortController();
  let timer = 0;
  const hear = () => {
    heard.at = Date.now();
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), SILENCE_MS);
  };
  stopReading = () => abort.abort();
  timer = setTimeout(stopReading, SILENCE_MS);
  try {
    const response = await fetch(EVENTS, { headers: authorization(), signal: abort.signal, cache: "no-store" });
    if (response.status === 401 || response.status === 403) throw new Refusal(await response.text());
    if (!response.ok || !/event-stream/.test(response.headers.get("Content-Type"))) return;
    let name = "message", data = [];
    for await (const line of linesOf(response.body, hear)) {
      if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5));
      else if (line === "") {
        if (name === "state") onState();
        if (data.length > 0) receive(name, data.join("\n"));
        name = "message";
        data = [];
      }
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Reads the events for as long as the token is the same, and reconnects whenever they end. */
async function keepConnected() {
  const own = session += 1;
  let pause = 1;
  while (own === session) {
    try {
      await readEvents(() => { pause = 1; showConnected(); });
    } catch (error) {
      if (own !== session) return;
      if (error instanceof Refusal) return showForm(visible(error.message.trim(), 300));
      if (error instanceof SyntaxError) console.error(error);
    }
    if (own !== session) return;
    showLost();
    await new Promise((resolve) => { wake = resolve; setTimeout(resolve, pause * 1000); });
    pause = Math.min(15, pause * 2);
  }
}

function showConnected() {
  heard.isConnected = true;
  setText($("connection"), "");
  $("access").hidden = true;
  $("run").hidden = false;
}

function showLost() {
  const hasValues = !$("run").hidden;
  if (heard.isConnected) heard.isConnected = false;
  setText($("connection"), "the container does not answer; trying again" + (hasValues ? ` (values from ${clock(now())})` : ""));
  if (hasValues) showTitle();
}

/** Shows the form, and nothing of the run. */
function showForm(text) {
  session += 1;
  stopReading?.();
  token = "";
  heard.isConnected = false;
  state = {};
  announced = null;
  document.title = "caas";
  $("run").hidden = true;
  $("access").hidden = false;
  setText($("connection"), "");
  setText($("refusal"), text);
  $("token").focus();
}

function open(text) {
  if (!text) return showForm("");
  if (/[^\x21-\x7e]/.test(text)) return showForm("a token has no spaces and only ASCII characters");
  stopReading?.();
  token = text;
  heard.isConnected = false;
  setText($("refusal"), "");
  keepConnected();
}

function tokenOfAddress() {
  const text = location.hash.replace(/^#(token=)?/, "");
  try { return decodeURIComponent(text); } catch { return text; }
}

$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("token").value.trim();
  $("token").value = "";
  history.replaceState(null, "", "#" + encodeURIComponent(text));
  open(text);
});
addEventListener("hashchange", () => open(tokenOfAddress()));
addEventListener("online", () => wake?.());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  // Timers of a hidden page are late, and a phone ends its connections.
  if (heard.isConnected && Date.now() - heard.at > SILENCE_MS) stopReading?.();
  wake?.();
  schedule();
});
open(tokenOfAddress());
