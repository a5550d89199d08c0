"""crewai's model for Azure, by itself and in an agent with a task.

It ignores a streamed update that contains usage, so tools only work if usage comes in an update of its own, as Azure
OpenAI sends it. It repeats failed completions.
"""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, OTHER_APIS, Checks
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool
from pydantic import BaseModel

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError

PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
ADD = {"type": "function", "function": {"name": "add", "description": "Add two numbers.", "parameters": PARAMETERS}}


class City(BaseModel):
    """A city."""

    name: str
    people: int


@tool("add")
def add_tool(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


def add(a: int, b: int) -> str:
    return str(a + b)


class CrewAi(Checks):
    def model(self, **settings):
        settings = {"api_key": self.key, "endpoint": self.url, **settings}
        return LLM(model="azure/gpt-4o", **settings)

    def test_plain(self) -> None:
        self.say("Hello.")
        model = self.model(temperature=0.5, max_tokens=9)
        self.assertEqual(model.call("hi"), "Hello.")
        self.assert_members(self.asked, model="gpt-4o", temperature=0.5, max_tokens=9)
        self.assertEqual(model.get_token_usage_summary().total_tokens, 18)

    async def test_plain_async(self) -> None:
        self.say("Hello.")
        model = self.model()
        self.assertEqual(await model.acall([{"role": "user", "content": "hi"}]), "Hello.")
        await model.aclose()

    def test_stream(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        self.assertEqual(self.model(stream=True).call("hi"), "Góðan daginn, 世界 👋🏽!")
        self.assertIs(self.asked["stream"], True)

    async def test_stream_async(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        model = self.model(stream=True)
        self.assertEqual(await model.acall("hi"), "Góðan daginn, 世界 👋🏽!")
        await model.aclose()

    def test_tools(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        self.assertEqual(self.model().call("add", tools=[ADD], available_functions={"add": add}), "5")
        self.assertEqual(self.asked["tools"][0]["function"]["name"], "add")

    def test_tools_in_a_stream(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        model = self.model(endpoint=self.url + "/openai/deployments/gpt-4o", stream=True)
        self.assertEqual(model.call("add", tools=[ADD], available_functions={"add": add}), "5")

    def test_models_of_other_apis(self) -> None:
        """It always sends a dated api-version, which Azure accepts with a deployment's path, but the Messages API
        never sees."""
        for path, name, operation in OTHER_APIS:
            path = path.replace("/openai/v1", f"/openai/deployments/{name}")
            settings = {"api_key": self.key, "endpoint": self.url + path}
            model = LLM(model=f"azure/{name}", **settings)
            self.say("Hello.", "Góðan daginn!")
            self.assertEqual(model.call("hi"), "Hello.")
            self.assertEqual(LLM(model=f"azure/{name}", stream=True, **settings).call("hi"), "Góðan daginn!")
            self.call("add", {"a": 2, "b": 3})
            self.assertEqual(model.call("add", tools=[ADD], available_functions={"add": add}), "5")
            if model.supports_function_calling():
                self.call("add", {"a": 2, "b": 3})
                self.say("It is five.")
            else:  # crewai asks models of this name to write their calls as text
                self.say('Thought: I add.\nAction: add\nAction Input: {"a": 2, "b": 3}')
                self.say("Thought: I now know the final answer\nFinal Answer: It is five.")
            agent = Agent(role="adder", goal="add", backstory="You add.", llm=model, tools=[add_tool], verbose=False)
            task = Task(description="Add 2 and 3.", expected_output="the sum", agent=agent)
            self.assertEqual(Crew(agents=[agent], tasks=[task], verbose=False).kickoff().raw, "It is five.")
            self.assert_called(operation)

    def test_structured(self) -> None:
        self.say(CITY)
        city = self.model().call("Where?", response_model=City)
        self.assertEqual(city, City(name="Oslo", people=700000))
        self.assertEqual(self.asked["response_format"]["json_schema"]["name"], "City")

    def test_a_crew(self) -> None:
        self.call("add", {"a": 2, "b": 3})
        self.say("It is five.")
        agent = Agent(
            role="adder", goal="add numbers", backstory="You add.", llm=self.model(), tools=[add_tool], verbose=False
        )
        task = Task(description="Add 2 and 3.", expected_output="the sum", agent=agent)
        outcome = Crew(agents=[agent], tasks=[task], verbose=False).kickoff()
        self.assertEqual(outcome.raw, "It is five.")
        self.assertIn("5", [each.get("content") for each in self.asked["messages"] if each["role"] == "tool"])

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.model(api_key="another").call("hi")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.model().call("hi"), "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=99,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.model().call("hi")
        self.assertEqual(caught.exception.status_code, 429)

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.model().call("trigger the content filter")

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            self.model(stream=True).call("count to 500")
