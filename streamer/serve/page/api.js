// Questions to the server, and the stream of changes. Nothing else talks to the network.
import { useEffect, useState } from "./html.js";

export class Problem extends Error {
  constructor(document, retryAfter) {
    super(document.detail || document.title);
    this.status = document.status;
    this.type = document.type;
    this.title = document.title;
    this.progress = document.progress;
    this.write = document.write;
    this.retryAfter = retryAfter;
  }
}

export const path = (...parts) => "/v1/" + parts.map(encodeURIComponent).join("/");

export async function ask(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  const document = await answer.json().catch(() => ({
    status: answer.status,
    title: "The server cannot be reached",
    detail: `The answer was ${answer.status} and no JSON.`,
  }));
  if (!answer.ok) throw new Problem(document, Number(answer.headers.get("Retry-After")) || 0);
  return document;
}

export async function logIn(token) {
  const answer = await fetch("/v1/session", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Problem(await answer.json(), 0);
}

export async function send(event) {
  const answer = await fetch("/v1/events", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(event),
  });
  const document = await answer.json();
  if (!answer.ok) throw new Problem(document, 0);
  return document;
}

// One stream for the whole page: views listen for changes, and for being told to ask again.
const listeners = new Set();
let source = null;

function connect() {
  source = new EventSource("/v1/changes/stream");
  source.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    for (const listener of listeners) listener(change);
  });
  const again = () => {
    for (const listener of listeners) listener(null);
  };
  source.addEventListener("start", again);
  source.addEventListener("reset", again);
  source.onerror = () => {
    // A browser tries again by itself, unless the answer was no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}

export function listen(listener) {
  listeners.add(listener);
  if (source === null) connect();
  return () => listeners.delete(listener);
}

// Asks, and asks again while the view is open: after changes, but at most every `every` ms.
export function useAnswer(url, { every = 3000, also = 30000 } = {}) {
  const [state, set] = useState({ answer: null, problem: null, of: null });
  useEffect(() => {
    if (url === null) return undefined;
    let over = false;
    let timer = null;
    let stale = false;
    let askedAt = 0;
    const again = async () => {
      stale = false;
      askedAt = Date.now();
      let wait = also;
      try {
        const answer = await ask(url);
        if (!over) set({ answer, problem: null, of: url });
      } catch (problem) {
        wait = Math.max(1000, (problem.retryAfter || 5) * 1000);
        if (!over) set((before) => ({ ...before, problem, of: url }));
      }
      if (!over) timer = setTimeout(again, stale ? every : wait);
    };
    const left = listen(() => {
      if (stale) return;
      stale = true;
      clearTimeout(timer);
      timer = setTimeout(again, Math.max(0, askedAt + every - Date.now()));
    });
    again();
    return () => {
      over = true;
      clearTimeout(timer);
      left();
    };
  }, [url]);
  return state.of === url ? state : { answer: null, problem: null };
}
