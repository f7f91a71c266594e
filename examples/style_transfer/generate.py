"""Write the 36 training and 4 validation examples of the style-transfer run, as chat messages.

Each example gives the beginning of a passage and asks for its continuation in the same voice. The
passages are put together here from sentences of our own; no two examples share one.

python generate.py --out data/processed
"""

# A passage stands on one line, however long.
# ruff: noqa: E501

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

TRAIN, VAL, SEED = 36, 4, 0
SYSTEM = (
    "Continue the passage in the voice of a weathered archivist: concrete, unhurried, a little dry."
)

BEGINNINGS = """The ledger for the flooded year has no entry between March and the first frost.
Balthazar kept the keys to the seed vault on a string of dried peppers.
Nobody on the lower terraces believed in the second sun until it set.
We numbered the lichens because numbering the dead had been forbidden.
The neurolink clinic closed at noon, as bakeries used to.
A map of the old coast hung in the kitchen, upside down, to save argument.
Every autumn the river returned one thing it had taken.
My grandmother sold weather by the ounce, and gave honest measure.
The orchard had been planted by a committee and pruned by its enemies.
They taught the drones to kneel before they taught them to land.
In the quiet quarter the houses were rented out by the hour of daylight.
The last telephone exchange was heated by the people who waited in it.
I inherited a box of switches and no record of what they had turned off.
The ferryman charged by the secret, and was always in debt.
Glass was cheap that winter, and looking out became a pastime.
The schoolroom clock had been repaired so often that it kept local history.
Two brothers farmed fog above the reservoir, and quarrelled over the borders.
The census of bees was late, and the bees were later.
She catalogued storms by the furniture they moved.
A treaty was signed in chalk so that both sides could blame the rain.
The tower leaned toward whichever village had paid for the scaffolding.
We were issued one horizon per household, to be returned clean.
The museum of recent mistakes opened a new wing each spring.
Salt was the first currency to be washed away.
The choir rehearsed in the cistern, where every error was sung back to them.
An engineer came to measure the silence and stayed to marry it.
The moss had reached the second volume of the encyclopaedia.
For nine years the lighthouse was manned by correspondence.
The goats were registered as municipal employees, and behaved accordingly.
Nothing grew in the governor's garden except the fence.
Our district had three words for thaw, and used them sparingly.
The bridge was rebuilt from memory, which is why it turns left.
A stranger asked the way to a street we had not finished naming.
The clay remembered the flood better than the witnesses did.
He repaired umbrellas for people who no longer trusted the roof.
The archive burns a little every day; we call it breathing.
Lamps were lit by seniority, and the youngest streets stayed dark.
The well gave water on weekdays and advice on Sundays.
A caravan of beekeepers crossed the salt flats with their windows taped.
The harbour froze in the shape of the argument we were having.""".splitlines()

CONTINUATIONS = """I have read it twice against the light, and the paper is only paper. Whoever kept it was busy keeping something else.
He would not sell, and he would not explain, and in time the village mistook the one for the other. The peppers were never cooked.
Afterwards everyone claimed to own a shadow from that day. I have eleven in the drawer, and none of them fits.
The work suited us. A lichen does not hurry, and it does not ask to be remembered in a certain way.
By one o'clock the street smelled of warm copper. Those who had come too late sat on the steps and thought their own thoughts.
Visitors corrected it out of kindness. We turned it back after supper, when the tide was in.
One year it was a gate, and one year a dog, not ours, who stayed. We learned to leave the bank clear.
She kept the scale behind the flour. A morning's drizzle cost less than thread, and she would not hear of credit for hail.
It bore well in spite of both. The minutes record a pear, disputed, and eaten during the recess.
It was thought to be a question of manners. The first of them landed on the chapel roof and would not get up again.
We had the hour after six, my wife and I, and shared it with a tailor. He hemmed by what was left of it.
I waited there for a call in January and was sorry when it came. Someone took my chair before I had hung up.
I have tried them all, one each evening. On the fourth night a dog stopped barking two valleys off, and I put that one back.
He told them badly, and to the wrong people, so that they came home changed. Nobody drowned. That was in the price.
My father put in four panes and a chair. He reported a cart on Tuesday, and for a week we spoke of little else.
It ran slow through the drought and stopped for the two funerals. The inspector wished to replace it and was given soup.
The lower field was the thinner, but it lay nearer the road. On still days you could see the line between them, and on still days they did not speak.
The clerk waited at the hives with his form. By dusk he had been counted himself, several times, and was allowed to go.
The spring gale is filed under dresser. There is a folder marked piano, which she kept empty and dusted.
It held for a season of clear skies. When the clouds came, both delegations were found on the steps with brooms.
We raised a subscription one year and had it for the harvest. It cast a good straight shade. Then the other side bought timber.
Ours came back with a thumbprint in the haze and we paid the fine. The neighbours had theirs framed.
I was asked to lend my own, with a label in my hand. Schoolchildren are brought on Thursdays and encouraged to touch.
After that we used nails, and after nails we used promises, which kept no better but were lighter to carry.
They grew careful, then excellent, then silent. The water went on a bar longer than anyone had written.
He set his instruments along the north wall. In the second month he stopped writing figures and began leaving the door open.
It had paused, as readers do, at the entry on bridges. We moved the later books to the sunny side and let it have the rest.
The instructions were clear and arrived a week behind the ships. I have the letter about the reef. It is very well put.
They began at eight, took the square in order, and would not be moved from a task begun. There were complaints about the minutes.
It flowered once, on the eve of an election, along the upper rail. He had it painted before the count was done.
The first was for roofs and the second for rivers. The third we kept for people, and I have heard it used once.
Carters lean into it without thinking. There was a man who crossed it straight, and we still bring him up.
We told him what we could. He thanked us, and walked off along the part of it that was there.
It has kept a heel, a hoof and the edge of a tray. The witnesses agree only that it was raining.
He stitched by the window and asked no questions. Some of them had him put in a second handle, to hold on to.
One learns the draughts. What is lost is noted in the margin of what is next to it, and that goes in its turn.
Ours had to wait for the widow at the corner to retire. When the boy came with his pole we had long since learned our way.
On Sundays we brought smaller buckets. It said much the same to everyone, in a lower voice to the tall.
They asked for shade and a basin, and paid in a comb the length of my arm. In the night the wagons hummed a little and were still.
You can see my brother's pier from the window, reaching out, and mine, which stops. It thawed in April and nothing was said.""".splitlines()

ASKS = (
    "Continue: {}",
    "Here is how the passage begins. Write what follows.\n\n{}",
    "{}\n\nGo on in the same voice.",
    "Carry this on for a few sentences: {}",
)


def examples() -> list[dict[str, list[dict[str, str]]]]:
    """All examples in a fixed shuffled order, train first."""
    pick = random.Random(SEED)
    pairs = list(zip(BEGINNINGS, CONTINUATIONS, strict=True))
    pick.shuffle(pairs)
    return [
        {
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": pick.choice(ASKS).format(beginning)},
                {"role": "assistant", "content": continuation},
            ]
        }
        for beginning, continuation in pairs
    ]


def main() -> None:
    """Write visions_training.jsonl and validation.jsonl."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--out", type=Path, default=Path())
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    made = examples()
    for name, rows in (("visions_training", made[:TRAIN]), ("validation", made[TRAIN:])):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path = given.out / f"{name}.jsonl"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path}: {len(rows)} rows")


if __name__ == "__main__":
    main()
