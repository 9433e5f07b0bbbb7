export interface Order {
  readonly id: string;
  readonly project: string;
  readonly item: string;
  /** Principal who placed it. */
  readonly placedBy: string;
  readonly status: 'PLACED' | 'REFUNDED';
}

/** Orders of all projects, kept in memory. Knows nothing of who may do what. */
export class Orders {
  readonly #orders = new Map<string, Order>();

  place(project: string, item: string, placedBy: string): Order {
    const id = String(this.#orders.size + 1);
    return this.#keep({ id, project, item, placedBy, status: 'PLACED' });
  }

  find(project: string, id: string): Order | undefined {
    const order = this.#orders.get(id);
    return order?.project === project ? order : undefined;
  }

  of(project: string): Order[] {
    return [...this.#orders.values()].filter((order) => order.project === project);
  }

  refund(order: Order): Order {
    return this.#keep({ ...order, status: 'REFUNDED' });
  }

  #keep(order: Order): Order {
    this.#orders.set(order.id, order);
    return order;
  }
}

/** Two orders in each of two projects, to have something to ask for. */
export function sampleOrders(): Orders {
  const orders = new Orders();
  for (const project of ['acme', 'globex']) {
    for (const item of ['a crate of apples', 'a box of bolts']) orders.place(project, item, '');
  }
  return orders;
}
