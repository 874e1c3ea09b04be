// The server behind the page.

/** What the server said no to, in its own words. */
export class Refused extends Error {}

/** The server isn't there. */
export class Unreached extends Refused {}

/**
 * Sends something to the server and gives its answer.
 * Throws `Refused` where it says no, and `Unreached` where it isn't there.
 */
export async function post(route, body) {
  let response;
  try {
    response = await fetch(`/api/${route}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Unreached(
      "The sandbox can’t be reached. If cargo sandbox was started anew, its terminal says the new address.",
    );
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? `The sandbox answered with status ${response.status}.`);
  return answer;
}

/** How long after the stream ended for good it is opened anew, in milliseconds. */
const AGAIN = 2000;

/**
 * What happens, as this person sees it: `take` gets each event's name and content, `connected` whether the stream
 * stands, `refused` that the server gave none. The function that is given back ends it.
 */
export function follow(who, { take, connected, refused }) {
  let source;
  let timer;
  const open = () => {
    source = new EventSource(`/api/events?as=${encodeURIComponent(who)}`);
    for (const name of ["state", "message", "gone"]) {
      source.addEventListener(name, (event) => take(name, JSON.parse(event.data)));
    }
    source.addEventListener("open", () => connected(true));
    source.addEventListener("error", () => {
      connected(false);
      // The browser tries again by itself, unless the answer was no stream at all.
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, AGAIN);
      refused();
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
