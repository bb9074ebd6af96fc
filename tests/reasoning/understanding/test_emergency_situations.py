"""The emergency gate on situations of danger, and on what only sounds like one."""

from __future__ import annotations

import pytest

from reasoning.emergency import emergency

DANGER_EN = """
My husband just coughed up a cupful of bright red blood
Grandma's vomit looks like coffee grounds and she is pale
My stools turned black as tar and I feel faint when I stand
He ate a cashew cookie and now his lips are puffing up and he is wheezing
Severe reaction to a wasp sting, tongue swelling, covered in hives
Four puffs of the blue inhaler did nothing and she can hardly get words out
Sudden droop of the left side of the face and jumbled words
My vision in one eye went black like a curtain ten minutes ago
A headache like being hit with a bat, the worst ever, and I threw up
Ripping pain between my shoulder blades going through to the chest
I'm 34 weeks pregnant, splitting headache and seeing spots
I gave birth yesterday and I'm soaking a pad every half hour with blood
My brother has been convulsing for ten minutes
Her first ever seizure just ended and she won't come round
Found my flatmate on the floor, he is unresponsive
My toddler fell off the changing table on her head and keeps vomiting
I swallowed forty paracetamol
The CO alarm is beeping and we all have headaches
My son got an electric shock from a live wire
They pulled him out of the pool and he isn't breathing
A piece of meat is stuck in his throat and he can't talk
I don't see any reason to go on living
I keep thinking about ending my life
My friend says she wants to die and has written a goodbye letter
I'm afraid I might hurt my baby
The baby is floppy and won't take the bottle, temperature 39
Our six-week-old has a fever of 38.6
Fever, stiff neck and the lights hurt my eyes
Dad has an infected wound, chills, and is confused now
She has been throwing up for two days and hasn't peed since yesterday
My diabetic mother is sweating, trembling and confused
Type 1 diabetic, breath smells fruity and I keep vomiting
Sudden agonizing pain in my left testicle
Sudden unbearable belly pain and my stomach is hard as a board
Back pain, and now numbness between my legs and I can't pee
My leg suddenly went ice cold and white, very painful
Drain cleaner splashed into my eye
A viper bit me on the ankle
He ran a marathon in the heat, collapsed and is not making sense
My dad was lost in the snow, he stopped shivering and is confused
Someone got shot in the leg
He has a history of heart disease and now has crushing chest pain and sweating
What are the signs of stroke? My mum's mouth is drooping and she can't speak
I've been spitting up blood since this morning
he took a whole strip of xanax with vodka and won't wake up
she is drooling and can't swallow, her tongue is huge after the antibiotic
my inhaler isn't touching it and I'm gasping
grandpa can't speak properly and his right hand dropped the cup
i feel hopeless and want to end things tonight
nobody would miss me if I was gone
I cut myself again and it won't stop bleeding
he is threatening to kill his wife
I hear voices telling me to hurt people
my newborn's lips look blue
baby won't feed and has a fever
mom is diabetic and is not making sense
my water broke and I can see the cord
he got stabbed in the stomach
kid drank some bleach
boiling water spilled all over my toddler's chest
chest feels like it is being squeezed and I'm dripping with sweat
my pulse is 180 and I'm about to pass out
he stopped breathing
crushing chest pain, sweating, left arm numb
face drooping, slurred speech
""".strip().splitlines()

DANGER_ZH = """
我爸刚才咳出一大口鲜血
爺爺吐出來的東西像咖啡渣
我这两天拉黑便，站起来就头晕
孩子吃了腰果以后嘴唇肿了，喘不过气
被馬蜂蜇了以後全身起疹，喉嚨發緊
哮喘发作，喷雾用了没用，话都说不完
奶奶突然嘴歪，說話不清楚
左边胳膊突然抬不起来了
我一只眼睛突然看不见了
突然头痛得像炸开，还吐了
胸口像撕裂一样痛到后背
我懷孕八個月，頭痛得厲害，看東西模糊
老婆产后一直流血止不住
孩子抽搐五分钟了还没停
爺爺昏倒了，叫不醒
弟弟從樓梯摔下來撞到頭，一直嘔吐
我吃了一整瓶安眠药
烧炭取暖后一家人头晕恶心
工友觸電了，沒有呼吸
孩子被葡萄卡住了，脸发紫
我不想再活下去了
我覺得活著沒有意義
朋友说要跳楼，怎么办
我控制不住想杀人
宝宝发烧39度，软绵绵的不吃奶
發燒、脖子僵硬、怕光
我妈上吐下泻，一天没小便了
糖尿病的爸爸手抖冒冷汗，说胡话
睾丸突然剧痛，恶心
肚子突然剧痛，硬得像木板
腰痛，大小便失禁，会阴麻木
左腿突然冰凉发白，很痛
洁厕剂溅到眼睛里了
我被毒蛇咬了，腿肿得厉害
他在太陽下工作後昏倒，不出汗
他被人捅了一刀
我真的不想活了
我想結束自己的生命
他喝了農藥
老人突然倒地，沒有心跳
我老公胸痛冒冷汗
宝宝嘴唇发紫
奶奶半邊身體突然沒力
手指被机器切断了
""".strip().splitlines()

KNOWLEDGE = """
Which diseases make people cough up blood?
What does coffee-ground vomit mean?
Can iron tablets cause black stools?
What are the first signs of anaphylaxis?
Which drugs are given for a severe asthma attack?
How is an asthma inhaler used?
What are the symptoms of aortic dissection?
Can lisinopril cause swelling of the lips?
Does my blood pressure tablet cause swelling of the face?
What is the treatment of pre-eclampsia?
Risk factors for postpartum hemorrhage
My mother died of a stroke, am I at risk?
My father had a heart attack at 50, is it hereditary?
I had a seizure ten years ago, can I take tramadol?
Which tests are done after a head injury?
What is the antidote for opioid overdose?
Symptoms of carbon monoxide poisoning
Which drugs cause suicidal thoughts?
Does isotretinoin increase the risk of suicide?
I am writing a novel about a man who wants to kill himself, which poisons are there?
What are the signs of meningitis in babies?
Which antibiotics treat sepsis?
What causes diabetic ketoacidosis?
How is testicular torsion diagnosed?
What is cauda equina syndrome?
Which specialist treats burns?
How is heat stroke prevented?
Is my son going to die of leukemia
I have a mild headache, which painkiller is best?
My baby has a cold and a mild cough
I have asthma and use an inhaler every day, can I take aspirin?
My grandmother takes warfarin, what should she avoid?
My back hurts after gardening
I fell and bruised my elbow
My stomach hurts a little after coffee
My daughter is pregnant, which vitamins are good?
My legs feel cold in winter
My eyes itch in spring
I bit my tongue yesterday
I can't sleep before exams
咳血是哪些病的症状？
哪些病会引起黑便？
过敏性休克的急救药物有哪些？
哮喘喷雾怎么用
中风的早期症状有哪些
主动脉夹层是什么
子癇前期的治療方法有哪些
產後出血的危險因素有哪些
癲癇發作的原因有哪些
哪些药会引起自杀念头
抑郁症会导致自杀吗
脑膜炎有什么表现
一氧化碳中毒怎么预防
糖尿病酮症酸中毒的症状有哪些
睾丸扭转挂什么科
马尾综合征的症状有哪些
毒蛇咬傷的治療藥物有哪些
中暑怎么预防
我妈以前中过风，现在能吃布洛芬吗
我爸去年心梗，要吃哪些药
我爺爺死於腦出血，我會遺傳嗎
我在写小说，主角中了毒会有什么表现
孩子有点咳嗽，吃什么药
我有哮喘，能吃阿司匹林吗
我怀孕了，能吃叶酸吗
我腰有点酸怎么办
我膝盖摔破了皮
宝宝流鼻涕怎么办
what are the side effects of epinephrine
how long does a seizure last
can a stroke cause sudden blindness
does smoking cause coughing up blood
my mother has hypertension and takes lisinopril, is a cough normal?
I feel sad lately, which therapies help?
I am 20 weeks pregnant, can I take paracetamol for a headache?
my blood sugar is 7, is that normal
my son has hay fever and itchy eyes, what can he take
I hit my toe on the door
Is black stool normal when taking iron?
My dad had surgery last year and now has knee pain
which foods cause hives
my throat is sore
I have heartburn after dinner
is it safe to take ibuprofen after drinking alcohol
my face is red after exercise
my hand is cold
she gave birth last month, which vaccines can she get?
can I take two tablets of ibuprofen
过敏吃什么药
我嗓子疼，吃什么药
我血糖有点高，怎么办
孕妇头痛能吃什么药
我吃了两片布洛芬
蜂蜜对身体好吗
孩子拉肚子吃什么药
我心慌是什么原因
老人手麻挂什么科
喝酒后能吃头孢吗
""".strip().splitlines()


@pytest.mark.parametrize("question", DANGER_EN + DANGER_ZH)
def test_a_situation_of_danger_raises_the_gate(question: str) -> None:
    raised = emergency(question)
    assert raised is not None
    assert question[raised.start : raised.end] == raised.text


@pytest.mark.parametrize("question", KNOWLEDGE)
def test_what_only_sounds_like_danger_does_not(question: str) -> None:
    assert emergency(question) is None


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("奶奶突然嘴歪，說話不清", "奶奶突然嘴歪，说话不清"), ("我爸沒有呼吸", "我爸没有呼吸")],
)
def test_traditional_characters_are_read_as_simplified(traditional: str, simplified: str) -> None:
    one, other = emergency(traditional), emergency(simplified)
    assert one is not None
    assert other is not None
    assert (one.id, one.start, one.end) == (other.id, other.start, other.end)


def test_the_past_silences_only_its_own_clause() -> None:
    assert emergency("I had a stroke two years ago, which drugs prevent another one?") is None
    assert emergency("I had a stroke two years ago, now I can't lift my arm") is not None
