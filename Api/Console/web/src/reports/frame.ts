// Shows the report that the console hands over. This page has no origin, no address that it may ask and no script but this one (its Content-Security-Policy); the markup of a report brings
// none along, because what is parsed in this way is not run.
addEventListener('message', (event: MessageEvent<{ html: string }>) => {
  if (event.source !== parent || typeof event.data?.html !== 'string') return;
  const report = new DOMParser().parseFromString(event.data.html, 'text/html');
  document.documentElement.replaceChildren(...report.documentElement.childNodes);
});
parent.postMessage('ready', '*');
