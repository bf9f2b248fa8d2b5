import type { ObjectKind } from './kinds';

/** A field of the form: where it is in the content, and what may be in it. */
export interface FormField {
  path: string;
  label: string;
  type: 'text' | 'list' | 'labels' | 'number' | 'switch' | 'strategy' | 'models' | 'choice' | 'arms' | 'guardrails';
  /** What is in force when nothing is given. */
  standard?: string | number;
  unit?: string;
  min?: number;
  max?: number;
  hint?: string;
  /** What there is to choose from, the standard first. */
  of?: string[];
  /** What there is to choose from beside what is typed. */
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
  if (kind.path === 'experiments') {
    return [
      {
        title: 'For which requests',
        fields: [
          { path: 'models', label: 'Models', type: 'list', suggest: 'models', standard: 'all', hint: 'Enter or a comma adds one. A * at the end matches any ending.' },
          { path: 'tenants', label: 'Tenants', type: 'list', suggest: 'tenants', standard: 'all' },
          { path: 'sloClasses', label: 'SLO classes', type: 'list', standard: 'all' },
          { path: 'share', label: 'Share that takes part', type: 'number', min: 0, max: 1, standard: 1, hint: '0.1 is one unit in ten.' },
          { path: 'unit', label: 'Assigned as a whole', type: 'choice', of: ['request', 'session', 'tenant', 'header'], hint: 'All but requests need a design effect above 1.' },
          ...(spec.unit === 'header' ? [{ path: 'header', label: 'Header', type: 'text' as const, hint: 'Its value is the unit.' }] : []),
          { path: 'description', label: 'Description', type: 'text', wide: true },
        ],
      },
      { title: 'What is compared', fields: [{ path: 'arms', label: 'Arms', type: 'arms', wide: true }] },
      {
        title: 'What decides',
        fields: [
          { path: 'primary', label: 'Metric', type: 'text', standard: 'ttft_p95', hint: 'ttft, e2e or cost with _p95 (any quantile), _gmean or _mean; or error_rate.' },
          { path: 'minGain', label: 'Least gain that wins', type: 'number', min: 0, max: 10, standard: 0, hint: '0.02 is 2 % better.' },
          { path: 'alpha', label: 'Chance of any wrong judgement', type: 'number', min: 0, max: 0.5, standard: 0.05 },
          { path: 'minRequestsPerArm', label: 'Not before, of each arm', type: 'number', unit: 'requests', min: 100, standard: 500 },
          { path: 'trafficBudget', label: 'Ends after', type: 'number', unit: 'requests', min: 1000, standard: 1_000_000 },
          { path: 'maxDurationSeconds', label: 'Ends after', type: 'number', unit: 's', min: 1, standard: 1_209_600 },
          { path: 'designEffect', label: 'Design effect', type: 'number', min: 1, standard: 1, hint: 'Requests that say as much as one independent one.' },
          { path: 'guardrails', label: 'Guardrails', type: 'guardrails', wide: true },
        ],
      },
      {
        title: 'What becomes of a winner',
        fields: [
          { path: 'promotion.auto', label: 'Is promoted by itself', type: 'switch', standard: 0 },
          { path: 'promotion.minRequestsPerArm', label: 'Not before, of each arm', type: 'number', unit: 'requests', min: 0, standard: 10_000 },
          { path: 'promotion.minDurationSeconds', label: 'Not before', type: 'number', unit: 's', min: 0, standard: 86_400 },
          { path: 'promotion.holdback', label: 'Holdback of the control', type: 'number', min: 0.001, max: 0.5, standard: 0.05 },
          { path: 'promotion.watchSeconds', label: 'Watched for', type: 'number', unit: 's', min: 1, standard: 259_200 },
        ],
      },
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
