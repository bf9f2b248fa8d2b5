export interface Cost {
  queue: number;
  prefill: number;
  decode: number;
  network: number;
  coldStart: number;
  money: number;
  uncertainty: number;
  balance: number;
  total: number;
}

export interface Target {
  nodeId: string;
  cellId: string;
  zone?: string;
  runtime?: string;
  gpu?: string;
  synthetic: boolean;
  score: number | null;
  cost: Cost;
  load: number | null;
  loadFactor: number | null;
  signalAgeSeconds?: number;
}

export interface Decision {
  status: string;
  decisionId: string;
  targets: Target[];
  hedge?: { nodeId: string; delayMs: number };
  hedgeSuppressed?: string;
  retryAfterMs?: number;
  strategy?: string;
  experiment?: string;
  arm?: string;
  tableVersion: number;
  policies: string[];
  considered: number;
  eligible: number;
  excluded: { nodeId: string; endpoint: string; reason: string }[];
  silo?: string;
}

export interface Outcome {
  status: string;
  nodeId?: string;
  ttftMs?: number;
  latencyMs?: number;
  outputTokens?: number;
}

export interface Asked {
  model: string;
  requestId?: string;
  tenant?: string;
  sloClass?: string;
  promptTokens: number;
  outputTokens: number;
  payloadBytes: number;
  originZone?: string;
  originRegion?: string;
  endpoint?: string;
  excludedNodes: string[];
}

export interface RecentDecision {
  at: string;
  source: string;
  request: Asked;
  decision: Decision;
  outcome?: Outcome;
}

export interface DecisionItem {
  id: string;
  at: string;
  source: string;
  status: string;
  model: string;
  tenant?: string;
  nodeId?: string;
  totalSeconds?: number;
  strategy?: string;
  considered: number;
  eligible: number;
  outcome?: Outcome;
}

export const Terms = [
  ['queue', 'queue', 'Wait for a place in the batch'],
  ['prefill', 'prefill', 'Prompt processing'],
  ['decode', 'decode', 'Generation'],
  ['network', 'network', 'Round trip and transfer'],
  ['coldStart', 'cold start', 'Loading the model'],
  ['money', 'money', 'GPU time at the exchange rate of the policy'],
  ['uncertainty', 'old readings', 'What an old reading costs'],
  ['balance', 'balance', 'What the request costs others, and an even spread'],
] as const;
