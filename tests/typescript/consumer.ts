// What somebody writes who never reads our code: the paths of the API, and what they take and give.
import type { components, paths } from "./generated/api";

type Post = components["schemas"]["PostRead"];
type Problem = components["schemas"]["Problem"];
type Query = NonNullable<paths["/api/posts"]["get"]["parameters"]["query"]>;
type Page = paths["/api/posts"]["get"]["responses"][200]["content"]["application/json"];
type NewPost = paths["/api/posts"]["post"]["requestBody"]["content"]["application/json"];
type Stale = paths["/api/posts/{post_id}"]["patch"]["responses"][412]["content"]["application/problem+json"];

const query: Query = { author_id: 3, tags__name: "python", ordering: "-created_at", limit: 20, count: "true" };
const data: NewPost = { title: "Hello", content: "First.", tags: ["python"] };

export async function readAll(fetchPage: (query: Query, url?: string) => Promise<Page>): Promise<Post[]> {
  const posts: Post[] = [];
  let page = await fetchPage(query);
  posts.push(...page.items);
  while (page.next !== null) {
    page = await fetchPage(query, page.next);
    posts.push(...page.items);
  }
  return posts;
}

export function describe(post: Post): string {
  const written: string = post.created_at;
  const names: string[] = post.tags.map((tag) => tag.name);
  return `${post.title} by ${post.author.username}, ${written}: ${names.join(", ")}`;
}

export function explain(problem: Problem | Stale): string {
  const status: number = problem.status;
  return `${status} ${problem.title}: ${(problem.errors ?? []).map((error) => error.pointer).join(", ")}`;
}

export const moderated: components["schemas"]["CommentStatus"] = "approved";
// @ts-expect-error - a status that does not exist is refused by the compiler
export const unknown: components["schemas"]["CommentStatus"] = "maybe";
// @ts-expect-error - a post needs a title
export const untitled: NewPost = { content: "First." };
// @ts-expect-error - a parameter that no list understands
export const misspelt: Query = { colour: "blue" };
export const body = JSON.stringify(data);
