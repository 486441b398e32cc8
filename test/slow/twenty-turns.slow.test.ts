/** One story, five agents: whoever answers, the same is said, the same is written down, and nobody reads the chat. */
import { expect, test } from "vitest";
import { butlerPlayer, modelPlayer, outsidePlayer } from "../twenty-agents.ts";
import { curlHands } from "../twenty-curl.ts";
import { mcpHttpHands, mcpStdioHands } from "../twenty-mcp.ts";
import { playStory } from "../twenty-stage.ts";
import { TURNS } from "../twenty-turns.ts";

test("the story has twenty turns", () => {
  expect(TURNS).toHaveLength(20);
});

test("the butler plays the story", () => playStory(butlerPlayer()));

test("an agent that has curl and nothing else plays the story", () => playStory(outsidePlayer(curlHands)));

test("the model agent plays the story, with a model that says one act after the other", async () =>
  playStory(await modelPlayer()));

test("an MCP client plays the story over streamable HTTP", () => playStory(outsidePlayer(mcpHttpHands)));

test("an MCP client plays the story over the pipes of lazaret mcp", () => playStory(outsidePlayer(mcpStdioHands)));
