const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function num(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return Math.abs(value) >= 1000 ? whole.format(value) : String(Number(value.toFixed(digits)));
}

/** A number with four digits that count. */
export function digits(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return Math.abs(value) >= 1000 ? whole.format(value) : String(Number(value.toPrecision(4)));
}

/** How many of something there are. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${num(n)} ${n === 1 ? one : many}`;
}

export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const share = value * 100;
  return share > 0 && share < 0.1 ? '< 0.1\u00a0%' : `${share.toFixed(share > 0 && share < 10 ? 1 : 0)}\u00a0%`;
}

export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Math.abs(value) < 0.001) return value === 0 ? '0' : `${(value * 1e6).toFixed(0)}\u00a0µs`;
  if (Math.abs(value) < 1) return `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)}\u00a0ms`;
  return value < 100 ? `${value.toFixed(2)}\u00a0s` : duration(value);
}

export function ms(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : seconds(value / 1000);
}

export function duration(secs: number): string {
  const s = Math.max(0, Math.round(secs));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let i = 0;
  let v = value;
  while (v >= 1024 && i < units.length - 1) {
    v /= 1024;
    i++;
  }
  return `${num(v, v < 10 ? 1 : 0)}\u00a0${units[i]}`;
}

export function time(at: string | number | Date): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour12: false });
}

export function dateTime(at: string | number | Date | undefined): string {
  if (at === undefined) return '–';
  const d = new Date(at);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')} ${time(d)}`;
}

export function ago(at: string | undefined): string {
  return at === undefined ? '–' : `${duration((Date.now() - Date.parse(at)) / 1000)} ago`;
}

export function words(snake: string): string {
  return snake.replaceAll('_', ' ').toLowerCase();
}
