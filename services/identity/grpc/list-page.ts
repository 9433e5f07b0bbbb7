import type { Document } from '#libs/decider/state-store.js';
import { keyPrefix, type KeyKind } from '#libs/events/keys.js';
import type { PageRequest } from '#proto/ledgate/identity/v1/page.js';
import type { CallTarget } from '#services/identity/app/permit.js';
import type { AdmittedCall } from '#services/identity/grpc/admission.js';

export interface ListQuery {
  /** Owner of the keys; `''` for those of the whole cluster. */
  readonly tenant: string;
  readonly kind: KeyKind;
  /** Beginning of the ids to list. */
  readonly idPrefix?: string;
  /** Judged before anything is looked at. */
  readonly target: CallTarget;
  readonly page: PageRequest | undefined;
}

/** One page of the documents of a kind, by id, and the token of the next page. */
export function listDocuments<T extends Document>(
  call: AdmittedCall,
  list: ListQuery,
): { readonly entries: readonly (readonly [string, T])[]; readonly nextPageToken: string } {
  const { tenant, kind, idPrefix = '' } = list;
  const query = [call.context.method, tenant, kind, idPrefix];
  const page = call.pages.read(call.fields, list.page, query);
  call.permitRead(list.target);
  const all = keyPrefix(tenant, kind);
  const after = page.after === '' ? undefined : `${all}${page.after}`;
  const entries: (readonly [string, T])[] = [];
  for (const [text, document] of call.parts.ledger.state.scan(`${all}${idPrefix}`, after)) {
    if (entries.length === page.size) {
      return { entries, nextPageToken: call.pages.make(entries.at(-1)?.[0] ?? '', query) };
    }
    entries.push([text.slice(all.length), document as T]);
  }
  return { entries, nextPageToken: '' };
}

/** One page of a list of ids that a document holds, in their order. */
export function listIds(
  call: AdmittedCall,
  list: Pick<ListQuery, 'tenant' | 'target' | 'page'> & { readonly owner: string },
  read: () => readonly string[],
): { readonly ids: readonly string[]; readonly nextPageToken: string } {
  const query = [call.context.method, list.tenant, list.owner];
  const page = call.pages.read(call.fields, list.page, query);
  call.permitRead(list.target);
  const rest = [...read()].sort().filter((id) => id > page.after);
  const ids = rest.slice(0, page.size);
  const more = rest.length > ids.length;
  return { ids, nextPageToken: more ? call.pages.make(ids.at(-1) ?? '', query) : '' };
}
