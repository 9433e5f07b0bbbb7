export interface Order {
  readonly id: string;
  readonly shop: string;
  readonly item: string;
  /** Principal who placed it. */
  readonly placedBy: string;
}

/** Orders of all shops, kept in memory. Knows nothing of who may do what. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  #last = 0;

  place(shop: string, item: string, placedBy: string): Order {
    this.#last += 1;
    const order = { id: String(this.#last), shop, item, placedBy };
    this.#orders.set(order.id, order);
    return order;
  }

  find(shop: string, id: string): Order | undefined {
    const order = this.#orders.get(id);
    return order?.shop === shop ? order : undefined;
  }

  of(shop: string): Order[] {
    return [...this.#orders.values()].filter((order) => order.shop === shop);
  }

  cancel(order: Order): void {
    this.#orders.delete(order.id);
  }
}
