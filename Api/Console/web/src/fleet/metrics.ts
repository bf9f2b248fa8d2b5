import { ms, num, percent } from '../core/format';
import type { FleetCell } from './store';

export type MetricKey = 'load' | 'health' | 'kv' | 'temperature' | 'sm' | 'vram' | 'rtt';

export interface Metric {
  title: string;
  /** 0 to 1 of the scale; null when unknown. */
  of: (cell: FleetCell, i: number) => number | null;
  text: (cell: FleetCell, i: number) => string;
  low: string;
  high: string;
}

const share = (value: number | null | undefined, from: number, to: number) => (value == null ? null : Math.max(0, Math.min(1, (value - from) / (to - from))));

export const Metrics: Record<Exclude<MetricKey, 'health'>, Metric> = {
  load: { title: 'Load', of: (c, i) => share(c.load[i], 0, 1.25), text: (c, i) => num(c.load[i], 2), low: 'idle', high: '1.25 × batch' },
  kv: { title: 'KV cache', of: (c, i) => share(c.kvCacheUsage[i], 0, 1), text: (c, i) => percent(c.kvCacheUsage[i]), low: 'empty', high: 'full' },
  temperature: { title: 'Temperature', of: (c, i) => share(c.temperatureCelsius[i], 25, 90), text: (c, i) => (c.temperatureCelsius[i] == null ? '–' : `${num(c.temperatureCelsius[i], 0)} °C`), low: '25 °C', high: '90 °C' },
  sm: { title: 'SM', of: (c, i) => share(c.smUtilization[i], 0, 1), text: (c, i) => percent(c.smUtilization[i]), low: '0 %', high: '100 %' },
  vram: { title: 'VRAM', of: (c, i) => share(c.vramUsage[i], 0, 1), text: (c, i) => percent(c.vramUsage[i]), low: '0 %', high: '100 %' },
  // Round trips span decades.
  rtt: { title: 'RTT', of: (c, i) => (c.rttMs[i] == null ? null : share(Math.log10(Math.max(0.05, c.rttMs[i]!)), Math.log10(0.05), Math.log10(200))), text: (c, i) => ms(c.rttMs[i]), low: '0.05 ms', high: '200 ms' },
};

export const MetricChoices: [MetricKey, string][] = [
  ['load', 'Load'], ['health', 'Health'], ['kv', 'KV'], ['temperature', 'Temp'], ['sm', 'SM'], ['vram', 'VRAM'], ['rtt', 'RTT'],
];

export const Healths = ['ready', 'probing', 'joining', 'suspect', 'draining', 'cordoned', 'maintenance', 'quarantined', 'offline'] as const;

// Cividis (Nuñez, Anderton and Renslow, PLOS ONE 2018), which is even for those who do not tell red from green; its dark end lifted so that idle nodes stand out of a dark page.
const Stops = ['#1d3a6e', '#3f4f74', '#62687c', '#84827a', '#a79d6c', '#cdba55', '#f5dc3c'];
const Steps = 64;

/** Colours of the scale, from low to high. */
export const Ramp: string[] = Array.from({ length: Steps }, (_, i) => {
  const at = (i / (Steps - 1)) * (Stops.length - 1);
  const [a, b, t] = [Stops[Math.floor(at)]!, Stops[Math.ceil(at)]!, at % 1];
  const mix = (k: number) => Math.round(parseInt(a.slice(k, k + 2), 16) * (1 - t) + parseInt(b.slice(k, k + 2), 16) * t);
  return `rgb(${mix(1)},${mix(3)},${mix(5)})`;
});

export const rampOf = (share: number) => Ramp[Math.round(share * (Steps - 1))]!;
