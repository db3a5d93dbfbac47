/**
 * What makes an open page pleasant; all of it works without. It follows the live events and fetches the same page again,
 * keeps times true, and knows a few keys. It never builds markup from data: what it shows is what the server rendered.
 */

const main = () => document.getElementById("main");

// Fresh pages ------------------------------------------------------------------------------------------------------

let isFetching = false;
let isAskedAgain = false;

/** Fetches this page anew and puts its content in place of ours. */
async function refresh() {
  if (isFetching) {
    isAskedAgain = true;
    return;
  }
  isFetching = true;
  try {
    const answer = await fetch(main().dataset.address || location.href, { headers: { accept: "text/html" } });
    if (answer.ok) replaceMain(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away; the event stream will tell when it is back.
  } finally {
    isFetching = false;
  }
  if (isAskedAgain) {
    isAskedAgain = false;
    setTimeout(refresh, 300);
  }
}

function replaceMain(fresh) {
  const [old, next] = [main(), fresh.getElementById("main")];
  if (next === null) return;
  // A page with a form is left alone until what it is about has changed: somebody may be writing.
  if (old.dataset.live === "review" && old.dataset.version === next.dataset.version) return;
  // What somebody opened or closed stays so; then only what the server says differently counts as a change.
  const opened = [...old.querySelectorAll("details")].map((one) => one.open);
  for (const [index, one] of next.querySelectorAll("details").entries()) one.open = opened[index] ?? one.open;
  for (const root of [old, next]) prepare(root);
  if (old.innerHTML === next.innerHTML) return;
  const focused = document.activeElement?.closest("[id]")?.id;
  old.replaceWith(document.adoptNode(next));
  if (focused)
    (document.getElementById(focused)?.querySelector(".open") ?? document.getElementById(focused))?.focus({
      preventScroll: true,
    });
  document.title = fresh.title;
  const state = document.querySelector("#state p, #refusal h2");
  announce(next.dataset.live === "review" ? (state?.textContent ?? "This review changed.") : document.title);
}

function announce(text) {
  document.getElementById("announcement").textContent = text;
}

// Live events ------------------------------------------------------------------------------------------------------

let source;
let timer;

/** Many events make one refresh. */
function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 150);
}

function follow() {
  const { live } = main().dataset;
  if (!live || source) return;
  source = new EventSource("/api/events");
  const isAboutReviews = live === "reviews" || live === "review";
  source.addEventListener("open", () => {
    showLive(true);
    refreshSoon();
  });
  source.addEventListener("error", () => showLive(false));
  source.addEventListener("reset", refreshSoon);
  source.addEventListener(isAboutReviews ? "reviews-changed" : "entry", refreshSoon);
}

/** A browser has six connections to one server; pages that nobody sees give theirs back. */
function unfollow() {
  source?.close();
  source = undefined;
}

function showLive(isOn) {
  const sign = document.getElementById("live");
  sign.hidden = false;
  sign.classList.toggle("on", isOn);
  sign.textContent = isOn ? "live" : "not connected";
}

document.addEventListener("visibilitychange", () => (document.hidden ? unfollow() : follow()));
addEventListener("pagehide", unfollow);

// Times ------------------------------------------------------------------------------------------------------------

const UNITS = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

function tellTimes(root) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const seconds = Math.round((Date.parse(element.dateTime) - Date.now()) / 1000);
    const distance = Math.abs(seconds);
    const [size, name] = UNITS.find(([one]) => distance >= one * 0.95) ?? UNITS[3];
    const amount = Math.round(distance / size);
    const words = `${amount.toLocaleString("en")} ${name}${amount === 1 ? "" : "s"}`;
    element.textContent = distance < 5 ? "now" : seconds < 0 ? `${words} ago` : `in ${words}`;
  }
}
setInterval(() => tellTimes(main()), 15_000);

// Choosing ---------------------------------------------------------------------------------------------------------

/** The button says how many files it means, and waits until there are any. */
function countChosen(root) {
  const count = root.querySelectorAll(".choose:checked").length;
  for (const button of root.querySelectorAll("[data-chosen]")) {
    const verb = button.dataset.chosen || "Approve";
    button.disabled = count === 0;
    button.textContent = count === 0 ? `${verb} chosen files` : `${verb} ${count} chosen file${count === 1 ? "" : "s"}`;
  }
}
document.addEventListener("change", () => countChosen(main()));

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  await navigator.clipboard?.writeText(field.value).then(
    () => {
      button.textContent = "Copied";
      announce("Copied");
    },
    () => {},
  );
});

/** A decision is sent once, however often the button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// Keys -------------------------------------------------------------------------------------------------------------

function move(step) {
  const items = [...document.querySelectorAll(".item")];
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next = items[at === -1 ? (step > 0 ? 0 : items.length - 1) : at + step];
  (next?.querySelector(".choose, .open, a") ?? next)?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement?.closest(".item")?.querySelector(".choose")?.click(),
  o: () => document.activeElement?.closest(".item")?.querySelector(".open")?.click(),
  "/": () => document.getElementById("message")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("textarea, input:not([type=checkbox])"))
    return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// Beginning --------------------------------------------------------------------------------------------------------

function prepare(root) {
  tellTimes(root);
  countChosen(root);
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

prepare(main());
document.getElementById("refusal")?.focus();
if (!document.hidden) follow();
