import { scan } from './json';

/** What differs between policies, endpoints and new experiments in the editor. */
export interface ObjectKind {
  path: 'policies' | 'endpoints' | 'experiments';
  one: string;
  title: string;
  read: string;
  write: string;
  /** What it takes to have a content checked before it is written. */
  checks: string;
  lead: string;
  templates: Record<string, unknown>;
}

export const Policies: ObjectKind = {
  path: 'policies',
  one: 'policy',
  title: 'Policies',
  read: 'policies.read',
  write: 'policies.write',
  checks: 'routing.explain',
  lead: 'Rules for routing, placement, hedging, SLOs, quotas and access. Each change is a version; any version can come back.',
  templates: {
    routing: { kind: 'routing', priority: 0, description: '', models: ['llama-*'], routing: { strategy: 'mesh', parameters: {} } },
    placement: { kind: 'placement', priority: 0, description: '', models: [], placement: { regions: ['eu-west'] } },
    hedging: { kind: 'hedging', priority: 0, description: '', models: [], hedging: { enabled: true, minDelayMs: 50, maxDelayMs: 5000, delayFactor: 2, budgetShare: 0.05 } },
    slo: { kind: 'slo', priority: 0, description: '', sloClasses: ['interactive'], slo: { ttftMs: 500, queuePriority: 10, maxQueueWaitMs: 5000 } },
    quota: { kind: 'quota', priority: 0, description: '', tenants: ['acme'], quota: { maxConcurrentRequests: 64 } },
    security: { kind: 'security', priority: 0, description: '', models: ['secret-*'], security: { allowedTenants: ['acme'] } },
  },
};

export const Endpoints: ObjectKind = {
  path: 'endpoints',
  one: 'endpoint',
  title: 'Endpoints',
  read: 'endpoints.read',
  write: 'endpoints.write',
  checks: 'endpoints.read',
  lead: 'Names that clients use as models: what stands behind them, by weight, and who may call.',
  templates: {
    endpoint: { models: [{ model: 'llama-3.1-8b-instruct', weight: 100 }], aliases: [], description: '', enabled: true },
  },
};

/** An experiment is written once: it has pages of its own, and its editor begins it. */
export const Experiments: ObjectKind = {
  path: 'experiments',
  one: 'experiment',
  title: 'Experiments',
  read: 'policies.read',
  write: 'policies.write',
  checks: 'objects.write',
  lead: '',
  templates: {
    experiment: {
      description: '', models: ['llama-*'], arms: [{ name: 'control', strategy: 'least_queue' }, { name: 'challenger', strategy: 'mesh' }],
      primary: 'ttft_p95', guardrails: [{ metric: 'error_rate', margin: 0.01 }], promotion: { auto: false },
    },
  },
};

export interface Stored {
  name: string;
  version: number;
  spec: Record<string, unknown>;
  changedAt: string;
  changedBy: string;
  deleted: boolean;
}

/** The content of an object as text, without what is not set. */
export function textOf(spec: Record<string, unknown>): string {
  return JSON.stringify(spec, (_key, value) => (value === null ? undefined : value), 2);
}

export interface FieldProblem {
  field: string;
  message: string;
  /** Line in the text, from 1; undefined when it cannot be told. */
  line?: number;
}

/** Line that the message of a browser names: Chromium says a position, Firefox the line, and Safari neither. */
export function lineOfError(message: string, text: string): number {
  const [position, place] = [/position (\d+)/.exec(message), /line (\d+) column (\d+)/.exec(message)];
  let before = text;
  if (position) before = text.slice(0, Number(position[1]));
  else if (place) {
    const lines = text.split('\n').slice(0, Number(place[1]));
    before = [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, Number(place[2]) - 1)].join('\n');
  } else {
    const bad = scan(text).lines.findIndex((tokens) => tokens.some((t) => t.kind === 'bad'));
    if (bad >= 0) return bad + 1;
  }
  // What says no position ends too early.
  return before.trimEnd().split('\n').length;
}

/** The text as an object, or what is wrong with it. */
export function parseText(text: string): { value?: Record<string, unknown>; problem?: FieldProblem } {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return { problem: { field: '', message: 'must be an object in braces.', line: 1 } };
    return { value: value as Record<string, unknown> };
  } catch (e) {
    const message = (e as Error).message;
    return { problem: { field: '', message: `is not JSON: ${message}`, line: lineOfError(message, text) } };
  }
}
