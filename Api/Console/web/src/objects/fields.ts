import type { ObjectKind } from './kinds';

/** A field of the form: where it is in the content, and what may be in it. */
export interface FormField {
  path: string;
  label: string;
  type: 'text' | 'list' | 'labels' | 'number' | 'switch' | 'strategy' | 'models';
  /** What is in force when nothing is given. */
  standard?: string | number;
  unit?: string;
  min?: number;
  max?: number;
  hint?: string;
  /** What there is to choose from. */
  suggest?: 'models' | 'nodes' | 'cells' | 'zones' | 'tenants';
  wide?: boolean;
}

export interface FormPart {
  title: string;
  fields: FormField[];
  /** Name of the object that holds them, where that may be left out. */
  optional?: string;
  /** What holds without it. */
  without?: string;
}

const placement = (hint?: string): FormField[] => [
  { path: 'placement.regions', label: 'Regions', type: 'list', hint },
  { path: 'placement.zones', label: 'Zones', type: 'list', suggest: 'zones' },
  { path: 'placement.cells', label: 'Cells', type: 'list', suggest: 'cells' },
  { path: 'placement.nodes', label: 'Nodes', type: 'list', suggest: 'nodes', hint: 'A pin: these and no others.' },
  { path: 'placement.labels', label: 'Labels', type: 'labels', hint: 'A node must carry all of them.' },
];

const routing: FormField[] = [{ path: 'routing', label: 'Strategy', type: 'strategy', wide: true }];

const hedging: FormField[] = [
  { path: 'hedging.enabled', label: 'Hedge', type: 'switch', standard: 1, hint: 'On plans a second attempt for every decision, off for none.' },
  { path: 'hedging.minDelayMs', label: 'Earliest', type: 'number', unit: 'ms', min: 1, max: 600_000, standard: 50 },
  { path: 'hedging.maxDelayMs', label: 'Latest', type: 'number', unit: 'ms', min: 1, max: 600_000, standard: 5000 },
  { path: 'hedging.delayFactor', label: 'Delay', type: 'number', unit: '× expected first token', min: 1, max: 100, standard: 2 },
  { path: 'hedging.maxSaturation', label: 'Not above batch occupancy', type: 'number', min: 0, max: 1, standard: 0.8 },
  { path: 'hedging.budgetShare', label: 'At most, of requests', type: 'number', min: 0, max: 1, standard: 0.05, hint: '0.05 is five in a hundred.' },
];

const ofPolicies: Record<string, FormField[]> = {
  routing,
  hedging,
  placement: placement('Data residency. At least one of these is needed.'),
  slo: [
    { path: 'slo.ttftMs', label: 'Time to first token', type: 'number', unit: 'ms', min: 0 },
    { path: 'slo.tpotMs', label: 'Time per output token', type: 'number', unit: 'ms', min: 0 },
    { path: 'slo.queuePriority', label: 'Queue priority', type: 'number', min: -100, max: 100, standard: 0, hint: 'Higher goes first.' },
    { path: 'slo.queueWeight', label: 'Queue weight', type: 'number', min: 0.001, max: 1000, standard: 1, hint: 'Share against tenants of the same priority.' },
    { path: 'slo.maxQueueWaitMs', label: 'Longest wait', type: 'number', unit: 'ms', min: 0, max: 600_000, standard: 10_000, hint: '0 refuses at once.' },
    { path: 'slo.maxQueuePerTarget', label: 'Queue per target', type: 'number', unit: 'requests', min: 0, max: 100_000, standard: 64 },
    { path: 'slo.maxKvCacheUsage', label: 'Fullest KV cache', type: 'number', min: 0, max: 1, standard: 1 },
  ],
  quota: [{ path: 'quota.maxConcurrentRequests', label: 'Requests in flight', type: 'number', unit: 'whole cluster', min: 1, max: 1_000_000 }],
  security: [
    { path: 'security.allowedTenants', label: 'Tenants that may', type: 'list', suggest: 'tenants', standard: 'every tenant' },
    { path: 'security.requireTenant', label: 'A tenant is needed', type: 'switch', standard: 0 },
  ],
};

/** The form for a content; of a policy it goes by its kind. */
export function formOf(kind: ObjectKind, spec: Record<string, unknown>): FormPart[] {
  if (kind.path === 'endpoints') {
    return [
      { title: 'Models', fields: [{ path: 'models', label: 'Models and their weights', type: 'models', wide: true }] },
      {
        title: 'Name and state',
        fields: [
          { path: 'enabled', label: 'Serves', type: 'switch', standard: 1, hint: 'Off answers as if there were no such model.' },
          { path: 'aliases', label: 'Aliases', type: 'list', hint: 'Other names that clients may use.' },
          { path: 'sloClass', label: 'SLO class', type: 'text', hint: 'Of requests that name none.' },
          { path: 'description', label: 'Description', type: 'text' },
        ],
      },
      { title: 'Routing of its own', optional: 'routing', without: 'The policies decide.', fields: routing },
      { title: 'Hedging of its own', optional: 'hedging', without: 'The policies decide.', fields: hedging },
      { title: 'Placement of its own', optional: 'placement', without: 'Anywhere that the policies allow.', fields: placement() },
      { title: 'Callers of its own', optional: 'auth', without: 'Everybody who may ask the mesh.', fields: [{ path: 'auth.allowedTenants', label: 'Tenants that may', type: 'list', suggest: 'tenants', standard: 'every tenant' }, { path: 'auth.requireTenant', label: 'A tenant is needed', type: 'switch', standard: 0 }] },
    ];
  }
  const part = typeof spec.kind === 'string' ? ofPolicies[spec.kind] : undefined;
  return [
    {
      title: 'For which requests',
      fields: [
        { path: 'models', label: 'Models', type: 'list', suggest: 'models', standard: 'all', hint: 'Enter or a comma adds one. A * at the end matches any ending.' },
        { path: 'tenants', label: 'Tenants', type: 'list', suggest: 'tenants', standard: 'all' },
        { path: 'sloClasses', label: 'SLO classes', type: 'list', standard: 'all' },
        { path: 'priority', label: 'Priority', type: 'number', min: -1000, max: 1000, standard: 0, hint: 'Higher wins where two policies set the same.' },
        { path: 'description', label: 'Description', type: 'text', wide: true },
      ],
    },
    ...(part ? [{ title: 'What they get', fields: part }] : []),
  ];
}

type Json = Record<string, unknown>;

/** What is at a path of names; undefined where it ends. */
export function valueAt(spec: Json, path: string): unknown {
  let value: unknown = spec;
  for (const name of path.split('.')) value = value !== null && typeof value === 'object' ? (value as Json)[name] : undefined;
  return value ?? undefined;
}

/** A copy with another value at a path; undefined takes it out. What is there in other forms stays as it is written. */
export function withValue(spec: Json, path: string, value: unknown): Json {
  const [name = '', ...rest] = path.split('.');
  const copy = { ...spec };
  if (rest.length > 0) {
    const inner = copy[name];
    copy[name] = withValue(inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? (inner as Json) : {}, rest.join('.'), value);
  } else if (value === undefined) delete copy[name];
  else copy[name] = value;
  return copy;
}
