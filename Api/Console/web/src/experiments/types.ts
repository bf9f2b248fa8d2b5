export interface ArmPlan {
  name: string;
  weight: number;
  strategy: string;
}

export interface Comparison {
  arm: string;
  metric: string;
  /** Absent where so many requests failed that it is without end; so are the others. */
  control?: number;
  value?: number;
  effect?: number;
  low: number;
  high?: number;
  controlRequests: number;
  armRequests: number;
}

export interface Experiment {
  name: string;
  version: number;
  stage: 'running' | 'stopped' | 'decided' | 'promoted' | 'kept' | 'demoted' | 'inconclusive';
  since: string;
  startedAt: string;
  winner?: string;
  stoppedArms: string[];
  warning?: string;
  /** Absent when it is not paused. */
  pausedAt?: string;
  pausedSeconds: number;
  changedAt: string;
  changedBy: string;
  spec: {
    arms: ArmPlan[];
    unit: string;
    header: string;
    models: string[];
    tenants: string[];
    sloClasses: string[];
    share: number;
    primary: string;
    guardrails: { metric: string; margin: number }[];
    alpha: number;
    minGain: number;
    trafficBudget: number;
    maxDurationSeconds: number;
    minRequestsPerArm: number;
    designEffect: number;
    promotion: { auto: boolean; minRequestsPerArm: number; minDurationSeconds: number; holdback: number; watchSeconds: number };
    description: string;
  };
}

export interface ExperimentReport extends Experiment {
  arms: { name: string; share: number; requests: number; errors: number; stopped: boolean }[];
  comparisons: Comparison[];
  changes: { at: string; from: string; to: string; arm?: string; reason: string; actor: string; note?: string; evidence?: Comparison; requests: number }[];
}

export const isOpen = (e: Experiment) => e.stage === 'running' || e.stage === 'decided' || e.stage === 'promoted';

/** For whom it is. */
export function scopeOf({ models, tenants, sloClasses, share }: Experiment['spec']): string {
  const parts = [models, tenants, sloClasses].map((list) => list.join(', ')).filter(Boolean);
  return (parts.length > 0 ? parts.join(' · ') : 'all requests') + (share < 1 ? ` · ${Number((share * 100).toPrecision(3))} % of them` : '');
}
