const prefix = 'urn:ledgate:audience:';

/** Audiences are names; the engine wants resource indicators, which are URIs (RFC 8707). */
export function resourceOf(audience: string): string {
  if (URL.canParse(audience) && !audience.includes('#')) return audience;
  return `${prefix}${encodeURIComponent(audience)}`;
}

/** One that is not encoded rightly is itself, and so no audience that anybody has. */
export function audienceOf(resource: string): string {
  if (!resource.startsWith(prefix)) return resource;
  try {
    return decodeURIComponent(resource.slice(prefix.length));
  } catch {
    return resource;
  }
}
