import type { Cause, WatermarkScope } from '#libs/events/catalogue.js';

export interface RaiseWatermark {
  readonly type: 'RaiseWatermark';
  readonly scope: WatermarkScope;
  /** Principal, client or tenant id; `''` for ALL. */
  readonly id: string;
  readonly cause: Cause;
}
