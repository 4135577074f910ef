/** A number to attach to a span under a name, with an optional remark. Fractions and raw units alike. */
export interface NewMetric {
  readonly dimension: string;
  readonly value: number;
  readonly comment?: string;
}
