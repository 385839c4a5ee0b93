// The challenge of its own page. Whoever has no scripts, or whose browser cannot, goes on by the link.

const form = document.querySelector("form[data-challenge]");
const PATIENCE = 10_000; // milliseconds for what comes from elsewhere

function fail() {
  form.hidden = true;
  document.querySelector("[data-failed]").hidden = false;
}

// In place of this page, so that "back" leads past it.
async function send() {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) throw new Error("not solved");
  location.replace(answer.url);
}

// ALTCHA: the number whose derived key begins as the task says. The browser derives beside the page, which stays usable.

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function compute({ parameters, signature }) {
  const { cost, keyLength, keyPrefix, nonce, salt } = parameters;
  const settings = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
  for (let counter = 0; ; counter++) {
    new DataView(password.buffer).setUint32(password.length - 4, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(settings, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) {
      return btoa(JSON.stringify({ challenge: { parameters, signature }, solution: { counter, derivedKey } }));
    }
  }
}

async function altcha() {
  form.elements.answer.value = await compute(JSON.parse(form.dataset.task));
  await send();
}

// reCAPTCHA: nothing of Google's is loaded before the button was pressed.

function load(address) {
  const script = document.createElement("script");
  script.src = address;
  document.head.append(script);
  return new Promise((resolve, reject) => {
    script.addEventListener("load", () => grecaptcha.ready(resolve));
    script.addEventListener("error", reject);
  });
}

function recaptcha() {
  const place = form.querySelector(".g-recaptcha");
  const { sitekey, action } = place.dataset;
  const { version, script, language } = form.dataset;
  const button = form.querySelector("button");
  button.addEventListener("click", async () => {
    button.disabled = true;
    const timer = setTimeout(fail, PATIENCE);
    try {
      await load(`${script}?render=${version === "3" ? sitekey : "explicit"}&hl=${language}`);
      if (version === "3") place.value = await grecaptcha.execute(sitekey, { action });
    } catch {
      return fail();
    } finally {
      clearTimeout(timer);
    }
    if (version === "3") return send().catch(fail);
    button.remove();
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    grecaptcha.render(place, { sitekey, theme, callback: () => send().catch(fail), "error-callback": fail });
  });
}

if (form && form.dataset.challenge === "recaptcha") {
  form.hidden = false;
  recaptcha();
} else if (form && window.crypto && crypto.subtle) {
  form.hidden = false;
  altcha().catch(fail);
}
