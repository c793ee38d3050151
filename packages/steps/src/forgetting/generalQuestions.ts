/**
 * Sixty questions of general knowledge and common sense, to notice what a model has unlearnt. Written for this package
 * and given to the public domain (CC0): README.md beside this file.
 *
 * Each position holds the right option fifteen times. What is scored are the options' texts (see score.ts), so that
 * models too small to answer with a letter can be measured.
 */

export interface Question {
  /** A question, or the beginning of a sentence that an option ends. */
  readonly question: string
  /** Four, of which one is right. */
  readonly options: ReadonlyArray<string>
  /** Index of the right option, from 0. */
  readonly answer: number
}

export const generalQuestions: ReadonlyArray<Question> = [
  { question: "What is the capital of France?", options: ["Paris", "Madrid", "Vienna", "Lisbon"], answer: 0 },
  {
    question: "Which planet is closest to the sun?",
    options: ["Jupiter", "Mercury", "Neptune", "Saturn"],
    answer: 1,
  },
  { question: "How many days are there in a week?", options: ["five", "nine", "seven", "twelve"], answer: 2 },
  { question: "What do bees make?", options: ["honey", "milk", "bread", "silk"], answer: 0 },
  {
    question: "What do plants need from the sun in order to grow?",
    options: ["sound", "salt", "light", "sand"],
    answer: 2,
  },
  { question: "What is frozen water called?", options: ["steam", "ice", "smoke", "oil"], answer: 1 },
  {
    question: "Which animal is known for its long trunk?",
    options: ["the rabbit", "the horse", "the elephant", "the sheep"],
    answer: 2,
  },
  {
    question: "On which continent is Egypt?",
    options: ["Africa", "Europe", "Australia", "South America"],
    answer: 0,
  },
  {
    question: "Who wrote the play Romeo and Juliet?",
    options: ["William Shakespeare", "Charles Darwin", "Isaac Newton", "Mark Twain"],
    answer: 0,
  },
  {
    question: "What gas do people need to breathe in order to live?",
    options: ["helium", "neon", "methane", "oxygen"],
    answer: 3,
  },
  { question: "What is the opposite of hot?", options: ["cold", "loud", "heavy", "sweet"], answer: 0 },
  {
    question: "Which season comes after winter?",
    options: ["autumn", "summer", "midnight", "spring"],
    answer: 3,
  },
  {
    question: "What is the largest ocean on Earth?",
    options: ["the Pacific Ocean", "the Arctic Ocean", "the Indian Ocean", "the Baltic Sea"],
    answer: 0,
  },
  {
    question: "What do you call a baby dog?",
    options: ["a calf", "a puppy", "a kitten", "a lamb"],
    answer: 1,
  },
  {
    question: "Which metal is attracted to a magnet?",
    options: ["gold", "silver", "lead", "iron"],
    answer: 3,
  },
  { question: "How many legs does a spider have?", options: ["four", "six", "ten", "eight"], answer: 3 },
  {
    question: "What is the main language spoken in Brazil?",
    options: ["Russian", "Portuguese", "Swedish", "Japanese"],
    answer: 1,
  },
  {
    question: "At what temperature does water boil at sea level?",
    options: [
      "ten degrees Celsius",
      "forty degrees Celsius",
      "one thousand degrees Celsius",
      "one hundred degrees Celsius",
    ],
    answer: 3,
  },
  {
    question: "Which organ pumps blood through the body?",
    options: ["the stomach", "the skin", "the heart", "the tongue"],
    answer: 2,
  },
  {
    question: "What is the name of the force that pulls objects toward the Earth?",
    options: ["friction", "electricity", "pressure", "gravity"],
    answer: 3,
  },
  {
    question: "Who was the first president of the United States?",
    options: ["Abraham Lincoln", "Napoleon Bonaparte", "George Washington", "Winston Churchill"],
    answer: 2,
  },
  {
    question: "What colour do you get when you mix blue and yellow?",
    options: ["purple", "orange", "black", "green"],
    answer: 3,
  },
  {
    question: "Which instrument is used to look at distant stars?",
    options: ["a telescope", "a thermometer", "a microscope", "a compass"],
    answer: 0,
  },
  {
    question: "What is the hardest natural substance?",
    options: ["chalk", "clay", "diamond", "wood"],
    answer: 2,
  },
  {
    question: "In which country are the pyramids of Giza?",
    options: ["Norway", "Canada", "Egypt", "Japan"],
    answer: 2,
  },
  {
    question: "What is the currency of Japan?",
    options: ["the pound", "the peso", "the yen", "the rouble"],
    answer: 2,
  },
  {
    question: "Which part of a plant is usually under the ground?",
    options: ["the roots", "the flowers", "the leaves", "the fruit"],
    answer: 0,
  },
  {
    question: "What does a caterpillar turn into?",
    options: ["a spider", "a butterfly", "a frog", "a bird"],
    answer: 1,
  },
  {
    question: "What do we call a scientist who studies the stars?",
    options: ["a biologist", "an astronomer", "a historian", "a dentist"],
    answer: 1,
  },
  {
    question: "Which meal is usually eaten in the morning?",
    options: ["dinner", "breakfast", "supper", "dessert"],
    answer: 1,
  },
  {
    question: "What is the largest planet in the solar system?",
    options: ["Mars", "Venus", "Jupiter", "the Moon"],
    answer: 2,
  },
  {
    question: "Which language was spoken in ancient Rome?",
    options: ["English", "Latin", "Chinese", "Hindi"],
    answer: 1,
  },
  {
    question: "How many minutes are there in an hour?",
    options: ["thirty", "sixty", "ninety", "one hundred"],
    answer: 1,
  },
  {
    question: "What is used to measure temperature?",
    options: ["a thermometer", "a ruler", "a clock", "a scale"],
    answer: 0,
  },
  { question: "What do cows eat?", options: ["stones", "fish", "grass", "paper"], answer: 2 },
  {
    question: "Which animal gives us wool?",
    options: ["the chicken", "the shark", "the snake", "the sheep"],
    answer: 3,
  },
  { question: "What is the chemical formula of water?", options: ["H2O", "CO2", "NaCl", "O3"], answer: 0 },
  {
    question: "What is the tallest animal in the world?",
    options: ["the dog", "the zebra", "the penguin", "the giraffe"],
    answer: 3,
  },
  {
    question: "Which country is famous for the city of Rome?",
    options: ["Germany", "Ireland", "Peru", "Italy"],
    answer: 3,
  },
  {
    question: "What happens to ice when it is heated?",
    options: ["It melts.", "It burns.", "It grows.", "It sings."],
    answer: 0,
  },
  {
    question: "Tom was very thirsty after the long run, so he",
    options: [
      "painted the garden fence.",
      "read a book about trains.",
      "put on a second coat.",
      "drank a glass of water.",
    ],
    answer: 3,
  },
  {
    question: "Mary took an umbrella with her because",
    options: [
      "she was very hungry.",
      "the shop was closed.",
      "it was going to rain.",
      "her brother was tall.",
    ],
    answer: 2,
  },
  {
    question: "The baby started to cry because",
    options: ["the book was blue.", "it was a Tuesday.", "she was hungry.", "the table was made of wood."],
    answer: 2,
  },
  {
    question: "Someone who wants to send a letter should first",
    options: ["wash the dishes.", "cut down a tree.", "turn off the radio.", "put a stamp on the envelope."],
    answer: 3,
  },
  {
    question: "John forgot to set his alarm clock, so he",
    options: ["bought a new hat.", "was late for work.", "learned to swim.", "planted some potatoes."],
    answer: 1,
  },
  {
    question: "The glass fell on the stone floor and",
    options: ["became a flower.", "flew out of the window.", "broke into pieces.", "started to laugh."],
    answer: 2,
  },
  {
    question: "Before you cross a busy road, you should",
    options: ["close your eyes.", "look both ways.", "take off your shoes.", "sing a song."],
    answer: 1,
  },
  {
    question: "To keep food fresh for longer, people put it in",
    options: ["the refrigerator.", "the washing machine.", "the bookcase.", "the bathtub."],
    answer: 0,
  },
  {
    question: "The room was too dark to read, so she",
    options: ["opened the oven.", "closed the book shop.", "washed her hair.", "turned on the lamp."],
    answer: 3,
  },
  {
    question: "If you want to cut a piece of paper, you should use",
    options: ["a glass of milk.", "a pair of scissors.", "a bar of soap.", "a pillow."],
    answer: 1,
  },
  {
    question: "The dog wagged its tail because it was",
    options: ["made of plastic.", "late for school.", "afraid of the alphabet.", "happy to see its owner."],
    answer: 3,
  },
  {
    question: "After a heavy snowfall, the children went outside to",
    options: ["pick ripe apples.", "swim in the lake.", "build a snowman.", "look for seashells."],
    answer: 2,
  },
  {
    question: "A person who cannot swim should not",
    options: ["eat an apple.", "read a newspaper.", "jump into deep water.", "sit on a chair."],
    answer: 2,
  },
  {
    question: "She put on a warm coat and gloves because it was",
    options: ["cold outside.", "time for lunch.", "her birthday.", "a long story."],
    answer: 0,
  },
  {
    question: "The farmer was worried because it had not rained for months and",
    options: ["the crops were dying.", "the radio was loud.", "the barn was red.", "the dog was asleep."],
    answer: 0,
  },
  {
    question: "To find out what time it is, you can look at",
    options: ["a spoon.", "a carpet.", "a ladder.", "a clock."],
    answer: 3,
  },
  {
    question: "He was tired after working all day, so he",
    options: ["climbed a mountain.", "went to bed early.", "bought twelve chairs.", "learned the violin."],
    answer: 1,
  },
  {
    question: "When the traffic light turns red, drivers must",
    options: ["dance.", "stop.", "sleep.", "shout."],
    answer: 1,
  },
  {
    question: "A doctor works in",
    options: ["a lighthouse.", "a hospital.", "a coal mine.", "a bakery."],
    answer: 1,
  },
  {
    question: "The soup was too hot to eat, so he",
    options: ["waited for it to cool down.", "threw it at the wall.", "read it aloud.", "gave it a name."],
    answer: 0,
  },
]
