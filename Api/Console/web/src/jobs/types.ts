export interface JobGroup {
  node: string;
  cell: string;
  workers: number;
  firstRank: number;
  gpus: string[];
  lent: boolean;
}

export interface Placement {
  fence: number;
  workers: number;
  ranks: number;
  groups: JobGroup[];
  strategy?: string;
  crossEdges: Record<string, number>;
  ringNsPerByte?: number;
  why?: string;
  hint?: { collectives: { fromBytes: number; algorithm: string }[]; computeSeconds?: number; exchangeSeconds?: number; environment: Record<string, string>; compress: boolean };
}

export interface Job {
  id: string;
  version: number;
  spec: { name: string; tenant?: string; project?: string; priority?: number; workers?: number; gpusPerWorker?: number; requiredDomain?: string; preferredDomain?: string; command?: string[] };
  state: string;
  reason?: string;
  since: string;
  submittedAt: string;
  submittedBy?: string;
  startedAt?: string;
  endedAt?: string;
  desiredWorkers: number;
  placement?: Placement;
  progress: { step?: number; stepSeconds?: number; checkpointStep?: number; checkpointRef?: string; checkpointAt?: string; restarts: number; gpuSeconds: number };
  lostNodes: string[];
}

export interface JobEvent {
  sequence: number;
  at: string;
  state: string;
  kind: string;
  reason?: string;
  actor?: string;
  data?: Record<string, string>;
}

export const Ended = ['completed', 'failed', 'cancelled'];
