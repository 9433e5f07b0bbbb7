/** Each partition is a stream: `auth.role.v1/3`. */
export function streamOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export function topicOfStream(stream: string): { topic: string; partition: number } {
  const slash = stream.lastIndexOf('/');
  return { topic: stream.slice(0, slash), partition: Number(stream.slice(slash + 1)) };
}
