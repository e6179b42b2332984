// Shows what changed on the server meanwhile; what somebody opened, chose or wrote stays as it is.
"use strict";
const main = document.querySelector("main[data-live]");
let shown = main && main.innerHTML;

async function refresh() {
  if (document.hidden || main.querySelector("form :focus")) return;
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const fresh = page.querySelector("main").innerHTML;
  if (fresh === shown) return;
  const open = [...main.querySelectorAll("details")].map((details) => details.open);
  const filled = [...main.querySelectorAll("select, textarea")].map((field) => field.value);
  main.innerHTML = shown = fresh;
  main.querySelectorAll("details").forEach((details, place) => { if (place in open) details.open = open[place]; });
  main.querySelectorAll("select, textarea").forEach((field, place) => { field.value = filled[place]; });
}

if (main) setInterval(() => refresh().catch(() => undefined), 1500);  // the server may be restarting
