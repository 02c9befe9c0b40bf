// JSON with each value on a line of its own, and every value as it was typed: a parser would cut long numbers short.
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

export function tidy(text) {
  const tokens = text.match(TOKENS) || [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return tokens.map((token, place) => {
    if (token === "{" || token === "[") {
      depth += 1;
      const isEmpty = "}]".includes(tokens[place + 1]);
      return isEmpty ? token : token + line();
    }
    if (token === "}" || token === "]") {
      depth -= 1;
      return "{[".includes(tokens[place - 1]) ? token : line() + token;
    }
    if (token === ",") return token + line();
    return token === ":" ? ": " : token;
  }).join("");
}
