import { enrolTotp, passwordLogin, type LoginWorld, type Person } from './login-world.js';
import { setUpApiKey, setUpTenant, setUpUser } from './tenant-setup.js';

/** A tenant, and people in it who log in. */
export class People {
  readonly world: LoginWorld;
  readonly tenant: string;
  /** API key of its administrator: it outlives the jumps of the clock. */
  readonly admin: string;
  #count = 0;

  private constructor(world: LoginWorld, tenant: string, admin: string) {
    this.world = world;
    this.tenant = tenant;
    this.admin = admin;
  }

  static async in(world: LoginWorld, slug: string): Promise<People> {
    const { admin, adminId } = await setUpTenant(world, slug);
    const { apiKey } = await setUpApiKey(world, admin, adminId);
    return new People(world, slug, apiKey);
  }

  async somebody(): Promise<Person & { readonly principalId: string }> {
    this.#count += 1;
    const [loginName, password] = [`user-${this.#count}`, 'seven slow harbours'];
    const principalId = await setUpUser(this.world, this.admin, loginName, password);
    return { tenant: this.tenant, loginName, password, principalId };
  }

  /** Somebody with an authenticator app, and the session that it was enrolled in. */
  async withTotp() {
    const person = await this.somebody();
    const { sessionToken } = await passwordLogin(this.world, person);
    return { person, ...(await enrolTotp(this.world, sessionToken)), sessionToken };
  }
}
