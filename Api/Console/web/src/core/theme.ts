import { effect, signal } from '@preact/signals';

const Key = 'infermesh.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** What the user has chosen; '' follows the system. */
export const chosen = signal<'' | 'light' | 'dark'>((localStorage.getItem(Key) as 'light' | 'dark' | null) ?? '');
const system = signal(dark.matches);
dark.addEventListener('change', (e) => (system.value = e.matches));

/** What is in force. */
export const theme = signal<'light' | 'dark'>('light');

effect(() => {
  theme.value = chosen.value || (system.value ? 'dark' : 'light');
  document.documentElement.dataset.theme = theme.value;
  if (chosen.value) localStorage.setItem(Key, chosen.value);
  else localStorage.removeItem(Key);
});

export function toggleTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
}

/** A colour of the style sheet, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
