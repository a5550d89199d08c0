"""guidance's models on Azure AI Foundry: programs whose generations are streams with their own JSON body."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from checks import CITY, Checks
from guidance import assistant, gen, json, system, user
from guidance.models import create_azure_aifoundry_model
from pydantic import BaseModel

from azure.ai.inference.exceptions import ContentFilterError, IncompleteStreamError


class City(BaseModel):
    name: str
    people: int


class Guidance(Checks):
    def model(self, key: str = ""):
        return create_azure_aifoundry_model(self.url, echo=False, model_name="gpt", api_key=key or self.key)

    def ask(self, text: str, **settings):
        model = self.model(**settings)
        with user():
            model += text
        with assistant():
            model += gen("answer")
        return model["answer"]

    def test_generation(self) -> None:
        self.say("Góðan daginn, 世界 👋🏽!")
        model = self.model()
        with system():
            model += "Be brief."
        with user():
            model += "hi"
        with assistant():
            model += gen("answer", max_tokens=9, temperature=0.5)
        self.assertEqual(model["answer"], "Góðan daginn, 世界 👋🏽!")
        self.assert_members(self.asked, model="gpt", stream=True, logprobs=True)
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["system", "user"])
        self.assertEqual(self.endpoint.requests[-1].headers["extra-parameters"], "pass-through")

    def test_turns(self) -> None:
        self.say("one", "two")
        model = self.model()
        for number in ("first", "second"):
            with user():
                model += number
            with assistant():
                model += gen(number)
        self.assertEqual((model["first"], model["second"]), ("one", "two"))
        self.assertEqual([each["role"] for each in self.asked["messages"]], ["user", "assistant", "user"])

    def test_structured(self) -> None:
        self.say(CITY)
        model = self.model()
        with user():
            model += "Where?"
        with assistant():
            model += json("city", schema=City)
        self.assertEqual(City.model_validate_json(model["city"]), City(name="Oslo", people=700000))

    def test_a_wrong_key(self) -> None:
        with self.assertRaises(ClientAuthenticationError):
            self.ask("hi", key="another")

    def test_a_busy_model(self) -> None:
        self.endpoint.fault("429:times=2,wait=0.01")
        self.say("later")
        self.assertEqual(self.ask("hi"), "later")

    def test_a_model_too_busy(self) -> None:
        self.endpoint.fault("429:times=9,wait=0.01")
        with self.assertRaises(HttpResponseError) as caught:
            self.ask("hi")
        self.assertEqual(caught.exception.status_code, 429)

    def test_the_content_filter(self) -> None:
        with self.assertRaises(ContentFilterError):
            self.ask("trigger the content filter")

    def test_a_stream_that_breaks_off(self) -> None:
        self.endpoint.fault("cut:events=4")
        with self.assertRaises(IncompleteStreamError):
            self.ask("count to 500")
