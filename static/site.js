// What makes the page a little easier. Everything works without it.

// After an error the summary takes the focus, so that a screen reader begins there.
const errors = document.getElementById("errors");
if (errors) errors.focus();

// Whoever has signed in this browser need not press the button of the link in the letter. Not while a page is only being
// prepared (prerendered), which nobody has asked to see.
for (const form of document.querySelectorAll("form[data-submits-itself]")) {
  const submit = () => form.submit();
  if (document.prerendering) document.addEventListener("prerenderingchange", submit, { once: true });
  else submit();
}

// Copying the link, and the system's own way of sharing, where there is one.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
  });
}
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    navigator.share({ text: button.dataset.text, url: button.dataset.share }).catch(() => {});
  });
}

// "Did you mean gmail.com?" for slips that are often made. A suggestion: whoever means what they typed goes on.
const SLIPS = {
  "gmai.com": "gmail.com", "gmail.co": "gmail.com", "gmail.con": "gmail.com", "gmail.cm": "gmail.com",
  "gmial.com": "gmail.com", "gmal.com": "gmail.com", "gmil.com": "gmail.com", "gnail.com": "gmail.com",
  "hotmai.com": "hotmail.com", "hotmail.co": "hotmail.com", "hotmail.con": "hotmail.com",
  "hotmial.com": "hotmail.com", "hotnail.com": "hotmail.com", "outlok.com": "outlook.com",
  "outlook.con": "outlook.com", "yaho.com": "yahoo.com", "yahoo.con": "yahoo.com",
};
const email = document.getElementById("sign-email");
const hint = document.getElementById("sign-email_suggestion");
if (email && hint) {
  const button = hint.querySelector("button");
  const look = () => {
    const [local, domain = ""] = email.value.trim().split("@");
    const meant = SLIPS[domain.toLowerCase()];
    hint.hidden = !meant;
    if (meant) button.textContent = `${local}@${meant}`;
  };
  email.addEventListener("change", look);
  button.addEventListener("click", () => {
    email.value = button.textContent;
    hint.hidden = true;
    email.focus();
  });
  look();
}
