/** Makes everything unreadable that was sealed for a deleted principal. */
export interface EraseSubject {
  readonly type: 'EraseSubject';
  readonly principal: string;
}

export type ErasureCommand = EraseSubject;
