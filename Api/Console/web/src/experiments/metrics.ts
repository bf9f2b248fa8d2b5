import { num, seconds } from '../core/format';
import type { Comparison, Experiment } from './types';

const isRate = (metric: string) => metric === 'error_rate';

/** A figure of a metric in its unit. */
export function figure(metric: string, value: number | undefined): string {
  if (value === undefined) return 'never';
  return isRate(metric) ? `${num(value * 100, 2)}\u00a0%` : metric.startsWith('cost') ? `$${Number(value.toPrecision(3))}` : seconds(value);
}

/** How far an arm is from the control: a ratio, of the error rate a difference. */
export function effect(metric: string, value: number | undefined): string {
  if (value === undefined) return 'no end';
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  return isRate(metric) ? `${sign}${Math.abs(value * 100).toFixed(2)}\u00a0pp` : `${sign}${Math.abs(value * 100).toFixed(1)}\u00a0%`;
}

export const interval = (c: Comparison) => `${effect(c.metric, c.low)} to ${effect(c.metric, c.high)}`;

/** How much worse a metric may get; undefined for one that is not guarded. */
export const marginOf = (e: Experiment, metric: string) => e.spec.guardrails.find((g) => g.metric === metric)?.margin;

/** What an interval says by now, as the rules read it. */
export function verdict(e: Experiment, c: Comparison): { word: string; tone: 'good' | 'bad' | 'dim' } {
  const margin = marginOf(e, c.metric);
  if (margin !== undefined && c.low > margin) return { word: 'guardrail broken', tone: 'bad' };
  if (c.metric === e.spec.primary) {
    if (c.low > 0) return { word: 'worse', tone: 'bad' };
    if (c.high !== undefined && c.high < -e.spec.minGain) return { word: 'better', tone: 'good' };
    return { word: 'open', tone: 'dim' };
  }
  return margin !== undefined && c.high !== undefined && c.high <= margin ? { word: 'guardrail holds', tone: 'good' } : { word: 'open', tone: 'dim' };
}

/** From where to where intervals of a metric are drawn, both sides of no difference. */
export function reach(all: Comparison[], metric: string): number {
  const ends = all.filter((c) => isRate(c.metric) === isRate(metric)).flatMap((c) => [Math.abs(c.low), Math.abs(c.high ?? 0)]);
  return isRate(metric) ? Math.min(1, Math.max(0.005, ...ends)) : Math.min(2, Math.max(0.05, ...ends));
}
