import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What is made from other state, and so neither stored nor destroyed. */
export class Nowhere implements Adapter {
  upsert(_id: string, _payload: AdapterPayload, _expiresIn: number): Promise<void> {
    return Promise.resolve();
  }
  find(_id: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(undefined);
  }
  findByUserCode(_userCode: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(undefined);
  }
  findByUid(_uid: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(undefined);
  }
  consume(_id: string): Promise<void> {
    return Promise.resolve();
  }
  destroy(_id: string): Promise<void> {
    return Promise.resolve();
  }
  revokeByGrantId(_grantId: string): Promise<void> {
    return Promise.resolve();
  }
}
