export interface Gpu {
  gpuUuid: string;
  name: string;
  migProfile?: string;
  smUtilization?: number;
  vramUsedBytes?: number;
  vramTotalBytes?: number;
  temperatureCelsius?: number;
  powerWatts?: number;
  eccUncorrectedErrors?: number;
  throttled?: boolean;
  lost?: boolean;
  lastXid?: number;
}

export interface ModelReading {
  model: string;
  running?: number;
  waiting?: number;
  kvCacheUsage?: number;
  promptTokensPerSecond?: number;
  generationTokensPerSecond?: number;
  ttftP95Seconds?: number;
  tpotSeconds?: number;
  prefixCacheHitRate?: number;
  loaded: boolean;
  maxConcurrency?: number;
}

export interface Runtime {
  runtime: string;
  endpoint: string;
  healthy: boolean;
  error?: string;
  models: ModelReading[];
  gpu?: string;
}

export interface Signal {
  ageSeconds: number;
  confidence: number;
}

export interface NodeDetail {
  id: string;
  cell: string;
  zone?: string;
  region?: string;
  failureDomain?: string;
  labels: Record<string, string>;
  roles: string[];
  synthetic: boolean;
  health: string;
  healthSince: string;
  reason?: string;
  version: number;
  sampledAt?: string;
  rttMs?: number;
  quarantine?: { kind: string; subject?: string; evidence: string; since: string; until?: string; times: number; probing: boolean };
  signals: { gpus?: Signal; runtimes?: Signal };
  drainDeadline?: string;
  drained: boolean;
  gpus: Gpu[];
  runtimes: Runtime[];
  network?: { rtts: { api: string; rttMs: number }[]; links: { port: string; linkLayer: string; state: string; rateBytesPerSecond?: number; transmitBytesPerSecond?: number; receiveBytesPerSecond?: number }[] };
  droppedBatches: number;
}
