/** Whom a question is about, as the request says it. Nothing here has been believed yet. */
export type Credential =
  | { readonly kind: 'TOKEN'; readonly text: string }
  | { readonly kind: 'API_KEY'; readonly text: string }
  | {
      readonly kind: 'BASIC';
      readonly tenant: string;
      readonly username: string;
      readonly password: string;
    };

export interface Subject {
  readonly kind: 'SUBJECT';
  readonly tenant: string;
  readonly principal: string;
}

export type Who = Credential | Subject;

/** How fresh an answer must be; `undefined`: whatever is known now. */
export type Consistency =
  | { readonly kind: 'AT_LEAST_AS_FRESH'; readonly token: string }
  | { readonly kind: 'FULLY_CONSISTENT' }
  | undefined;

/** May `who` do `action` on `resource`? */
export interface Question {
  readonly who: Who;
  readonly action: string;
  readonly resource: string;
}
