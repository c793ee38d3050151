/**
 * General English prose of several registers, to notice what a model has unlearnt. Public domain and CC0: README.md
 * beside this file says where each passage is from.
 *
 * Changing a character changes every measured loss; a test holds the digest.
 */

export interface Passage {
  readonly register:
    | "narrative"
    | "speech"
    | "encyclopaedia"
    | "instructions"
    | "dialogue"
    | "letter"
    | "news"
    | "essay"
    | "code"
  readonly text: string
}

export const generalText: ReadonlyArray<Passage> = [
  {
    register: "narrative",
    text: `It was quite late in the evening when the little Moss came snugly to anchor, and Queequeg and I went ashore; so we could attend to no business that day, at least none but a supper and a bed. The landlord of the Spouter-Inn had recommended us to his cousin Hosea Hussey of the Try Pots, whom he asserted to be the proprietor of one of the best kept hotels in all Nantucket, and moreover he had assured us that Cousin Hosea, as he called him, was famous for his chowders. In short, he plainly hinted that we could not possibly do better than try pot-luck at the Try Pots. But the directions he had given us about keeping a yellow warehouse on our starboard hand till we opened a white church to the larboard, and then keeping that on the larboard hand till we made a corner three points to the starboard, and that done, then ask the first man we met where the place was: these crooked directions of his very much puzzled us at first, especially as, at the outset, Queequeg insisted that the yellow warehouse—our first point of departure—must be left on the larboard hand, whereas I had understood Peter Coffin to say it was on the starboard. However, by dint of beating about a little in the dark, and now and then knocking up a peaceable inhabitant to inquire the way, we at last came to something which there was no mistaking.`,
  },
  {
    register: "narrative",
    text: `However, a warm savory steam from the kitchen served to belie the apparently cheerless prospect before us. But when that smoking chowder came in, the mystery was delightfully explained. Oh, sweet friends! hearken to me. It was made of small juicy clams, scarcely bigger than hazel nuts, mixed with pounded ship biscuit, and salted pork cut up into little flakes; the whole enriched with butter, and plentifully seasoned with pepper and salt. Our appetites being sharpened by the frosty voyage, and in particular, Queequeg seeing his favourite fishing food before him, and the chowder being surpassingly excellent, we despatched it with great expedition: when leaning back a moment and bethinking me of Mrs. Hussey's clam and cod announcement, I thought I would try a little experiment. Stepping to the kitchen door, I uttered the word "cod" with great emphasis, and resumed my seat. In a few moments the savoury steam came forth again, but with a different flavor, and in good time a fine cod-chowder was placed before us.`,
  },
  {
    register: "narrative",
    text: `The whale-line is only two-thirds of an inch in thickness. At first sight, you would not think it so strong as it really is. By experiment its one and fifty yarns will each suspend a weight of one hundred and twenty pounds; so that the whole rope will bear a strain nearly equal to three tons. In length, the common sperm whale-line measures something over two hundred fathoms. Towards the stern of the boat it is spirally coiled away in the tub, not like the worm-pipe of a still though, but so as to form one round, cheese-shaped mass of densely bedded "sheaves," or layers of concentric spiralizations, without any hollow but the "heart," or minute vertical tube formed at the axis of the cheese. As the least tangle or kink in the coiling would, in running out, infallibly take somebody's arm, leg, or entire body off, the utmost precaution is used in stowing the line in its tub. Some harpooneers will consume almost an entire morning in this business, carrying the line high aloft and then reeving it downwards through a block towards the tub, so as in the act of coiling to free it from all possible wrinkles and twists.`,
  },
  {
    register: "narrative",
    text: `In the English boats two tubs are used instead of one; the same line being continuously coiled in both tubs. There is some advantage in this; because these twin-tubs being so small they fit more readily into the boat, and do not strain it so much; whereas, the American tub, nearly three feet in diameter and of proportionate depth, makes a rather bulky freight for a craft whose planks are but one half-inch in thickness; for the bottom of the whale-boat is like critical ice, which will bear up a considerable distributed weight, but not very much of a concentrated one. When the painted canvas cover is clapped on the American line-tub, the boat looks as if it were pulling off with a prodigious great wedding-cake to present to the whales.`,
  },
  {
    register: "narrative",
    text: `The try-works are planted between the foremast and mainmast, the most roomy part of the deck. The timbers beneath are of a peculiar strength, fitted to sustain the weight of an almost solid mass of brick and mortar, some ten feet by eight square, and five in height. The foundation does not penetrate the deck, but the masonry is firmly secured to the surface by ponderous knees of iron bracing it on all sides, and screwing it down to the timbers. On the flanks it is cased with wood, and at top completely covered by a large, sloping, battened hatchway. Removing this hatch we expose the great try-pots, two in number, and each of several barrels' capacity. When not in use, they are kept remarkably clean. Sometimes they are polished with soapstone and sand, till they shine within like silver punch-bowls. During the night-watches some cynical old sailors will crawl into them and coil themselves away there for a nap. While employed in polishing them—one man in each pot, side by side—many confidential communications are carried on, over the iron lips. It is a place also for profound mathematical meditation. It was in the left hand try-pot of the Pequod, with the soapstone diligently circling round me, that I was first indirectly struck by the remarkable fact, that in geometry all bodies gliding along the cycloid, my soapstone for example, will descend from any point in precisely the same time.`,
  },
  {
    register: "speech",
    text: `A rapid growth is taking place in aeronautics. The Department of Commerce has charge of the inspection and licensing system and the construction of national airways. Almost 8,000 miles are already completed and about 4,000 miles more contemplated. Nearly 4,400 miles are now equipped and over 3,000 miles more will have lighting and emergency landing fields by next July. Air mail contracts are expected to cover 24 of these lines. Daily airway flying is nearly 15,000 miles and is expected to reach 25,000 miles early next year. Flights for other purposes exceed 22,000 miles each day. Over 900 airports, completed and uncompleted, have been laid out. The demand for aircraft has greatly increased. The policy already adopted by the Congress is producing the sound development of this coming industry.`,
  },
  {
    register: "speech",
    text: `The importance and benefit of good roads is more and more coming to be appreciated. The National Government has been making liberal contributions to encourage their construction. The results and benefits have been very gratifying. National participation, however, should be confined to trunk-line systems. The national tax on automobiles is now nearly sufficient to meet this outlay. This tax is very small, and on low-priced cars is not more than $2 or $3 each year. While the advantage of having good roads is very large, the desire for improved highways is not limited to our own country. It should and does include all the Western Hemisphere. The principal points in Canada are already accessible. We ought to lend our encouragement in any way we can for more good roads to all the principal points in this hemisphere south of the Rio Grande.`,
  },
  {
    register: "speech",
    text: `For many years the Federal Government has been building a system of dikes along the Mississippi River for protection against high water. During the past season the lower States were overcome by a most disastrous flood. Many thousands of square miles were inundated a great many lives were lost, much livestock was drowned, and a very heavy destruction of property was inflicted upon the inhabitants. The American Red Cross at once went to the relief of the stricken communities. Appeals for contributions have brought in over $17,000,000. The Federal Government has provided services, equipment, and supplies probably amounting to about $7,000,000 more. Between $5,000,000 and $10,000,000 in addition have been provided by local railroads, the States, and their political units.`,
  },
  {
    register: "encyclopaedia",
    text: `A lighthouse is a tower with a strong light at its top, built to guide ships at night. The earliest ones were little more than fires lit on hilltops, where fuel had to be carried up every evening. Later, oil lamps with polished mirrors behind them threw their light farther, and in the nineteenth century large lenses made of many rings of glass gathered almost all of it into a narrow beam. Each lighthouse has its own pattern of flashes, so that a sailor who counts the seconds between them can find on the chart which tower he sees. Today most lights are electric and work without a keeper, and ships find their position by satellite, but many towers are still kept in service because they need no receiver and seldom fail.`,
  },
  {
    register: "encyclopaedia",
    text: `Copper is a soft, reddish metal that conducts heat and electricity very well. People have used it for about ten thousand years, first in the form of native lumps that were hammered cold, and later smelted from ore in charcoal furnaces. Mixed with tin it becomes bronze, which is harder and gave a whole age its name; mixed with zinc it becomes brass. Most copper that is mined today ends up in wires, motors and pipes. In damp air the metal slowly turns green, because a thin layer forms on the surface that protects what lies beneath it. For this reason copper roofs may last for several hundred years. The metal can be melted down and used again without losing any of its qualities.`,
  },
  {
    register: "encyclopaedia",
    text: `The honeybee lives in colonies of many thousands of workers, a few hundred drones and a single queen. A worker that has found a rich patch of flowers returns to the hive and dances on the comb: the angle of her run tells the others the direction relative to the sun, and its length tells the distance. In summer a worker lives for about six weeks. She spends the first half of that time inside, cleaning cells, feeding larvae and building with wax, and the second half outside, gathering nectar and pollen. A single spoonful of honey is the work of about a dozen bees over their whole lives. Farmers value the insects less for the honey than for the fruit, since many trees set little of it without them.`,
  },
  {
    register: "encyclopaedia",
    text: `The tides are the regular rise and fall of the sea, caused by the pull of the moon and, to a smaller degree, of the sun. The moon attracts the water on the near side of the earth more strongly than the earth itself, and the earth more strongly than the water on the far side, so that there are two bulges. As the earth turns, most coasts pass through both of them and see high water about every twelve hours and twenty-five minutes. When sun, moon and earth stand in a line, at new and at full moon, the range is greatest; at the quarters it is least. The shape of a bay can raise the tide far above its usual height, while in nearly closed seas there is hardly any.`,
  },
  {
    register: "encyclopaedia",
    text: `Paper was first made in China from mulberry bark, hemp and old rags. The fibres were soaked, beaten to a pulp and stirred into a vat of water; a sieve dipped into the vat came up with a thin wet sheet on it, which was pressed and dried. The craft travelled westward along the trade routes and reached Europe in the twelfth century, where mills driven by water did the beating. For a long time rags were the only raw material, and they were often scarce. Only in the middle of the nineteenth century did people learn to make paper from wood, which made it cheap enough for daily newspapers. It also made it less durable, because the acids left in the pulp turned the sheets yellow and brittle.`,
  },
  {
    register: "instructions",
    text: `To make a simple loaf of bread, mix five hundred grams of flour with ten grams of salt and seven grams of dried yeast in a large bowl. Add three hundred and twenty millilitres of lukewarm water and stir until no dry flour is left. Turn the dough out onto a floured table and knead it for about ten minutes, until it is smooth and springs back when you press it. Put it back into the bowl, cover it with a cloth and leave it in a warm place until it has doubled in size, which takes about an hour. Shape it into a round, let it rest for another half hour, and cut a cross into the top. Bake it at two hundred and twenty degrees for thirty-five minutes. The loaf is done when it sounds hollow if you tap it underneath.`,
  },
  {
    register: "instructions",
    text: `How to mend a flat bicycle tyre. First, take the wheel off the frame and let out any air that is left. Push two levers under the edge of the tyre, about a hand's breadth apart, and lift it over the rim. Pull out the tube, pump it up a little and hold it under water: bubbles show where the hole is. Dry the place and roughen it with sandpaper. Spread a thin layer of glue, wait until it no longer looks wet, and press the patch on firmly for a minute. Before you put the tube back, run your fingers carefully along the inside of the tyre, because the thorn or the piece of glass may still be there. Finally, pump up the tube a little, push the tyre back over the rim with your thumbs, and pump it up fully.`,
  },
  {
    register: "instructions",
    text: `If the screen stays dark when you switch the computer on, check the following before you call for help. Make sure that the power cable is plugged in at both ends and that the socket works, for example with a lamp. Look whether the small light on the front of the screen is on. If it blinks, the screen has power but receives no picture: unplug the video cable, look for bent pins, and plug it in again. Remove everything that is not needed, such as printers and memory sticks, and try once more. If you hear a series of beeps, count them and look them up in the manual; they say which part has failed. Do not open the case while it is connected to the mains.`,
  },
  {
    register: "dialogue",
    text: `"Have you seen my keys?" asked Anna, with one arm already in her coat.
"Which ones? The ones for the house or the ones for the car?"
"Both. They are on the same ring."
"Then I saw them last night on the kitchen table, next to the bread."
"They are not there now. I have looked twice."
"Did you look under the newspaper? You always put the newspaper on top of things."
There was a rustling noise from the kitchen, and then a short silence.
"Well?" said Peter.
"I am leaving," she called. "And before you say anything: yes, they were under the newspaper."
"I was not going to say anything."
"You were smiling. I can hear it when you smile."
"Drive carefully," he said, "and bring some milk if the shop is still open when you come back."`,
  },
  {
    register: "dialogue",
    text: `Customer: Good morning. I bought this lamp here last week, and it has stopped working.
Assistant: I am sorry to hear that. Do you have the receipt with you?
Customer: Yes, here it is. I have already tried another bulb, so that is not the problem.
Assistant: Thank you, that saves us some time. Did it stop all at once, or did it flicker first?
Customer: It flickered for a day or two, mostly when somebody walked past the table.
Assistant: Then it is probably a loose contact in the switch. We can repair it, which takes about a week, or you can have a new one today.
Customer: A new one would be better. Could I also have it in a different colour?
Assistant: Of course. We have it in white, grey and dark green. The grey one costs two pounds more, but I will not charge you for that.`,
  },
  {
    register: "letter",
    text: `Dear Mrs Walker,
Thank you for your letter of the third of May. I am glad that the room suits you, and I have asked my brother to look at the window before you arrive, because it is stiff and lets in the rain when the wind comes from the west. The rent is due on the first of each month. Heating and water are included, but electricity is not; you will find the meter in the cupboard under the stairs. There is a bus into town every twenty minutes until eleven at night. You asked whether you may bring your cat. I have no objection, as long as she stays out of the vegetable garden, where the neighbour's dog likes to sleep. Please let me know by which train you will come, so that somebody can meet you at the station.
Yours sincerely,
Margaret Hill`,
  },
  {
    register: "news",
    text: `The old footbridge over the mill stream will be closed from Monday for repairs that are expected to last until the end of September. Engineers found in the spring that two of the wooden piers had rotted below the water line. The council had considered replacing the whole bridge with one of steel, but decided against it after more than four hundred residents signed a petition. Instead the piers will be rebuilt in oak, and the railings, which date from the nineteen-fifties, will be made higher. Until the work is finished, walkers are asked to use the road bridge half a mile downstream. "It is a nuisance for the children, who will have to leave home a quarter of an hour earlier," said the head of the village school, "but it is better than a bridge that nobody trusts."`,
  },
  {
    register: "essay",
    text: `It is easy to believe that a decision was good because it turned out well, and bad because it did not. Yet the two are different things. A man who crosses the street without looking and arrives safely has not decided wisely; he has been lucky, and if he goes on like this he will one day be hit. In the same way a doctor may choose the treatment that helps nine patients in ten, and lose the tenth. To judge a choice fairly one has to ask what could be known when it was made, how likely each outcome was, and what the alternatives would have cost. This is harder than looking at the result, and it is seldom done, because the result is the only part of the story that everyone can see.`,
  },
  {
    register: "code",
    text: `def word_counts(path):
    """Count how often each word occurs in a text file, ignoring case."""
    counts = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            for word in line.lower().split():
                word = word.strip(".,;:!?()")
                if word:
                    counts[word] = counts.get(word, 0) + 1
    return counts


def most_common(counts, number=10):
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return pairs[:number]


if __name__ == "__main__":
    for word, count in most_common(word_counts("letters.txt")):
        print(word, count)`,
  },
  {
    register: "code",
    text: `// Returns the shortest path between two nodes of a graph, or null if there is none.
function shortestPath(graph, start, goal) {
  const cameFrom = new Map([[start, null]]);
  const queue = [start];
  while (queue.length > 0) {
    const node = queue.shift();
    if (node === goal) {
      const path = [];
      for (let at = goal; at !== null; at = cameFrom.get(at)) path.push(at);
      return path.reverse();
    }
    for (const next of graph[node] ?? []) {
      if (!cameFrom.has(next)) {
        cameFrom.set(next, node);
        queue.push(next);
      }
    }
  }
  return null;
}`,
  },
]
