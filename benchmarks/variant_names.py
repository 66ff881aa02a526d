"""Names in two scripts, as passports and as people write them: tables of real correspondences, for ``variants.py``.

Each line is Latin spellings (parted by ``/``) and the native one. No table is read by the project itself. Part of ``variants.py``; not run by
itself.
"""

from __future__ import annotations

from dataclasses import dataclass

Spelt = tuple[tuple[str, ...], str]


@dataclass(frozen=True)
class Script:
    """Given and family names of one script, country, dialling code, and whether the family name stands first."""

    country: str
    mobile: str  # dialling code and first digits of mobile numbers; x is any digit
    given: tuple[Spelt, ...]
    family: tuple[Spelt, ...]
    family_first: bool = False


def _spelt(text: str) -> tuple[Spelt, ...]:
    pairs = (entry.split("=") for entry in text.replace("\n", " ").split(","))
    return tuple((tuple(latin.strip().split("/")), native.strip()) for latin, native in pairs)


SCRIPTS = {
    "cyrillic": Script(
        "RU",
        "+7916xxxxxxx",
        _spelt(
            """Aleksandr/Alexander=Александр, Dmitry/Dmitri/Dmitriy=Дмитрий, Sergey/Sergei=Сергей, Andrey/Andrei=Андрей,
            Aleksey/Alexei=Алексей, Yury/Yuri=Юрий, Evgeny/Yevgeny=Евгений, Mikhail=Михаил, Nikolay/Nikolai=Николай, Vladimir=Владимир,
            Ivan=Иван, Maksim/Maxim=Максим, Artyom/Artem=Артём, Ilya/Ilia=Илья, Kirill=Кирилл, Pyotr/Petr=Пётр, Fyodor/Fedor=Фёдор,
            Anna=Анна, Elena/Yelena=Елена, Olga=Ольга, Natalia/Nataliya/Natalya=Наталья, Ekaterina/Yekaterina=Екатерина,
            Tatiana/Tatyana=Татьяна, Irina=Ирина, Svetlana=Светлана, Maria/Mariya=Мария, Yulia/Julia=Юлия, Anastasia/Anastasiya=Анастасия,
            Ksenia/Kseniya=Ксения, Darya/Daria=Дарья, Galina=Галина, Lyudmila/Ludmila=Людмила, Sofia/Sofya=София"""
        ),
        _spelt(
            """Ivanenko=Иваненко, Petrenko=Петренко, Kuznets=Кузнец, Shevchenko=Шевченко, Tkachuk=Ткачук, Bondar=Бондарь, Kovalchuk=Ковальчук,
            Melnik/Melnyk=Мельник, Kravchenko=Кравченко, Savchenko=Савченко, Rudenko=Руденко, Lysenko=Лысенко, Moroz=Мороз,
            Zhuk=Жук, Tsoi/Tsoy=Цой, Khmara=Хмара, Chernykh=Черных, Shcherbak=Щербак, Yurchenko=Юрченко, Yakimenko=Якименко,
            Solovey=Соловей, Vorobey=Воробей, Gurevich=Гуревич, Zakharchenko=Захарченко, Fedorenko=Федоренко, Levchenko=Левченко,
            Polishchuk=Полищук, Kharchenko=Харченко, Ponomarenko=Пономаренко, Dolgikh=Долгих, Sedykh=Седых, Belykh=Белых,
            Malykh=Малых, Kosykh=Косых, Gavrilenko=Гавриленко, Zaychenko/Zaichenko=Зайченко, Pavlyuk=Павлюк, Vasilenko=Василенко"""
        ),
    ),
    "greek": Script(
        "GR",
        "+3069xxxxxxxx",
        _spelt(
            """Georgios/George/Giorgos=Γεώργιος, Dimitrios/Dimitris=Δημήτριος, Konstantinos=Κωνσταντίνος, Ioannis/Yannis=Ιωάννης,
            Nikolaos/Nikos=Νικόλαος, Christos=Χρήστος, Panagiotis=Παναγιώτης, Vasileios/Vassilis=Βασίλειος, Athanasios=Αθανάσιος,
            Evangelos/Vangelis=Ευάγγελος, Michail/Michalis=Μιχαήλ, Spyridon=Σπυρίδων, Stavros=Σταύρος, Maria=Μαρία, Eleni=Ελένη,
            Aikaterini/Katerina=Αικατερίνη, Vasiliki=Βασιλική, Sofia=Σοφία, Angeliki=Αγγελική, Georgia=Γεωργία, Dimitra=Δήμητρα,
            Konstantina=Κωνσταντίνα, Paraskevi=Παρασκευή, Ioanna=Ιωάννα, Chrysoula=Χρυσούλα, Evangelia=Ευαγγελία"""
        ),
        _spelt(
            """Papadopoulos=Παπαδόπουλος, Papageorgiou=Παπαγεωργίου, Oikonomou/Economou=Οικονόμου, Papadakis=Παπαδάκης, Vlachos=Βλάχος,
            Angelopoulos=Αγγελόπουλος, Nikolaidis=Νικολαΐδης, Georgiou=Γεωργίου, Dimitriou=Δημητρίου, Karagiannis=Καραγιάννης,
            Antoniou=Αντωνίου, Makris=Μακρής, Konstantinidis=Κωνσταντινίδης, Theodorou=Θεοδώρου, Ioannidis=Ιωαννίδης, Alexiou=Αλεξίου,
            Christodoulou=Χριστοδούλου, Pappas=Παππάς, Samaras=Σαμαράς, Chatzis/Hatzis=Χατζής, Tsakiris=Τσακίρης, Mavros=Μαύρος,
            Vasileiou=Βασιλείου, Petrou=Πέτρου, Markou=Μάρκου, Athanasiou=Αθανασίου, Kyriakou=Κυριακού, Stavrou=Σταύρου,
            Evangelou=Ευαγγέλου, Panagiotopoulos=Παναγιωτόπουλος, Xanthopoulos=Ξανθόπουλος, Psaltis=Ψάλτης"""
        ),
    ),
    "chinese": Script(
        "CN",
        "+86138xxxxxxxx",
        _spelt(
            """Wei=伟, Fang=芳, Na=娜, Xiuying=秀英, Min=敏, Jing=静, Li=丽, Qiang=强, Lei=磊, Jun=军, Yong=勇, Yan=艳, Jie=杰, Juan=娟, Tao=涛,
            Ming=明, Chao=超, Xiulan=秀兰, Xia=霞, Ping=平, Gang=刚, Guiying=桂英, Jianhua=建华, Xiaoming=晓明, Haiyan=海燕, Zhiqiang=志强,
            Yuhua=玉华, Wenjing=文静, Jiahao=佳豪, Meiling=美玲, Xiaodong=晓东, Guohua=国华, Shuzhen=淑珍, Yuping=玉萍, Jianjun=建军, Zhigang=志刚"""
        ),
        _spelt(
            """Wang=王, Li=李, Zhang=张, Liu=刘, Chen=陈, Yang=杨, Huang=黄, Zhao=赵, Wu=吴, Zhou=周, Xu=徐, Sun=孙, Ma=马, Zhu=朱, Hu=胡, Guo=郭,
            He=何, Lin=林, Gao=高, Luo=罗, Zheng=郑, Liang=梁, Xie=谢, Song=宋, Tang=唐, Deng=邓, Feng=冯, Han=韩, Cao=曹, Peng=彭, Xiao=肖,
            Tian=田, Dong=董, Pan=潘, Yuan=袁, Cai=蔡, Jiang=蒋, Yu=余, Du=杜, Ye=叶, Cheng=程, Wei=魏, Su=苏, Lu=吕, Ding=丁"""
        ),
        family_first=True,
    ),
    "arabic": Script(
        "EG",
        "+2010xxxxxxxx",
        _spelt(
            """Mohammed/Muhammad/Mohamed=محمد, Ahmed/Ahmad=أحمد, Ali=علي, Omar/Umar=عمر, Hassan/Hasan=حسن, Hussein/Husayn=حسين,
            Khaled/Khalid=خالد, Youssef/Yusuf=يوسف, Ibrahim=إبراهيم, Mahmoud/Mahmud=محمود, Mustafa/Mostafa=مصطفى, Abdullah=عبدالله,
            Tarek/Tariq=طارق, Karim/Kareem=كريم, Sami/Samy=سامي, Walid/Waleed=وليد, Fatima/Fatma=فاطمة, Aisha/Aicha=عائشة,
            Maryam/Mariam=مريم, Khadija=خديجة, Zainab/Zeinab=زينب, Layla/Leila=ليلى, Nour/Noor=نور, Hanan=حنان, Amina=أمينة,
            Salma=سلمى, Samira=سميرة, Rania=رانيا, Huda/Hoda=هدى, Mona/Muna=منى"""
        ),
        _spelt(
            """Al-Masri/El Masry=المصري, Haddad=حداد, Khoury/Khouri=خوري, Mansour/Mansur=منصور, Nasser/Nasir=ناصر, Saleh/Salih=صالح,
            Hamdan=حمدان, Khalil=خليل, Sabbagh=صباغ, Najjar=نجار, Al-Shami=الشامي, Qasim/Kassem=قاسم, Rashid/Rasheed=رشيد,
            Salim/Selim=سليم, Suleiman/Soliman=سليمان, Zaki=زكي, Farouk/Faruq=فاروق, Bakri=بكري, Darwish=درويش, Jaber/Gaber=جابر,
            Shaheen/Shahin=شاهين, Hijazi/Hegazy=حجازي, Barakat=بركات, Sharif/Sherif=شريف, Mubarak=مبارك, Tawfiq/Tawfik=توفيق,
            Fahmy/Fahmi=فهمي, Ghanem/Ghanim=غانم, Badawi=بدوي, Kamal/Kamel=كمال"""
        ),
    ),
    "japanese": Script(
        "JP",
        "+8190xxxxxxxx",
        _spelt(
            """Taro=太郎, Ken=健, Hanako=花子, Yuko=裕子, Keiko=恵子, Naoki=直樹, Makoto=誠, Daisuke=大輔, Ai=愛, Yoko/Youko=陽子, Akemi=明美,
            Shota/Shouta=翔太, Misaki=美咲, Kazuo=和夫, Hiroshi=浩, Takashi=隆, Jun=純, Yumi=由美, Tomoko=智子, Takuya=拓也, Kenji=健二,
            Emi=恵美, Haruka=遥, Ryota/Ryouta=亮太, Satoshi=聡, Mayumi=真由美, Koji/Kouji=浩二, Aya=彩, Megumi=恵, Shinji=真二"""
        ),
        _spelt(
            """Tanaka=田中, Suzuki=鈴木, Sato/Satou=佐藤, Takahashi=高橋, Ito/Itou=伊藤, Watanabe=渡辺, Yamamoto=山本, Nakamura=中村,
            Kobayashi=小林, Kato/Katou=加藤, Yoshida=吉田, Yamada=山田, Sasaki=佐々木, Matsumoto=松本, Inoue=井上, Kimura=木村, Hayashi=林,
            Shimizu=清水, Mori=森, Abe=阿部, Ikeda=池田, Hashimoto=橋本, Ishikawa=石川, Ogawa=小川, Goto/Gotou=後藤, Okada=岡田,
            Hasegawa=長谷川, Fujita=藤田, Murakami=村上, Kondo/Kondou=近藤"""
        ),
        family_first=True,
    ),
    "ukrainian": Script(
        "UA",
        "+38067xxxxxxx",
        _spelt(
            """Oleksandr/Olexandr/Alexander=Олександр, Serhii/Sergiy/Serhiy=Сергій, Volodymyr/Vladimir=Володимир, Andrii/Andriy/Andrey=Андрій,
            Mykola/Nikolai=Микола, Yurii/Yuriy/Jurij=Юрій, Oleksii/Oleksiy/Alexey=Олексій, Dmytro/Dmitry=Дмитро, Yevhen/Evgen/Ievgen=Євген,
            Mykhailo/Mikhail=Михайло, Vasyl/Vasily=Василь, Ihor/Igor=Ігор, Vitalii/Vitaliy=Віталій, Bohdan/Bogdan=Богдан, Taras=Тарас,
            Olena/Elena=Олена, Nataliia/Natalia=Наталія, Tetiana/Tetyana=Тетяна, Iryna/Irina=Ірина, Svitlana/Svetlana=Світлана,
            Halyna/Galyna=Галина, Liudmyla/Lyudmila=Людмила, Oksana/Oxana=Оксана, Yuliia/Yulia/Julia=Юлія, Mariia/Mariya=Марія,
            Khrystyna/Christina=Христина, Solomiia/Solomia=Соломія, Daryna/Darina=Дарина, Anastasiia/Anastasia=Анастасія, Zoriana/Zoryana=Зоряна"""
        ),
        _spelt(
            """Yushchenko/Iushchenko/Juschtschenko=Ющенко, Hrytsenko/Gritsenko=Гриценко, Shevchenko=Шевченко, Kovalchuk=Ковальчук,
            Zhuravel/Zhuravl=Журавель, Hnatiuk/Gnatyuk=Гнатюк, Lytvynenko/Litvinenko=Литвиненко, Yatsenko/Iatsenko=Яценко, Oliinyk/Oleynik=Олійник,
            Tkachenko=Ткаченко, Kravchuk=Кравчук, Marchenko=Марченко, Moroz=Мороз, Pavlenko=Павленко, Panchenko=Панченко, Rudyk/Rudik=Рудик,
            Savchuk=Савчук, Semenyuk/Semeniuk=Семенюк, Sydorenko/Sidorenko=Сидоренко, Fedorchuk=Федорчук, Kharchenko=Харченко,
            Tsymbal/Tsimbal=Цимбал, Chornovil/Chernovil=Чорновіл, Shcherban/Scherban=Щербань, Yakovenko=Яковенко, Boiko/Boyko=Бойко,
            Vdovychenko/Vdovichenko=Вдовиченко, Horbach/Gorbach=Горбач, Dyachenko/Diachenko=Дяченко, Yevtushenko/Evtushenko=Євтушенко"""
        ),
    ),
    "korean": Script(
        "KR",
        "+8210xxxxxxxx",
        _spelt(
            """Minsu/Min-soo=민수, Jihoon/Ji-hun=지훈, Seoyeon/Seo-yun=서연, Youngho/Yeong-ho=영호, Hyunwoo/Hyeon-u=현우, Jiwoo/Ji-u=지우,
            Eunji/Eun-jee=은지, Sungmin/Seong-min=성민, Minji/Min-jee=민지, Jungho/Jeong-ho=정호, Kyungsoo/Gyeong-su=경수, Yejin/Ye-jin=예진,
            Dongwook/Dong-uk=동욱, Haneul/Ha-neul=하늘, Soyoung/So-yeong=소영, Taehyung/Tae-hyeong=태형, Junho/Jun-ho=준호, Sujin/Soo-jin=수진,
            Mihee/Mi-hui=미희, Youngja/Yeong-ja=영자, Sangchul/Sang-cheol=상철, Kwangsoo/Gwang-su=광수, Bora=보라, Nayoung/Na-yeong=나영,
            Jaehyun/Jae-hyeon=재현, Inho/In-ho=인호, Hyejin/Hye-jin=혜진, Seungho/Seung-ho=승호, Dahye/Da-hye=다혜, Woojin/U-jin=우진"""
        ),
        _spelt(
            """Kim/Gim=김, Lee/Yi/Rhee=이, Park/Pak=박, Choi/Choe=최, Jung/Jeong/Chung=정, Kang/Gang=강, Cho/Jo=조, Yoon/Yun=윤, Jang/Chang=장,
            Lim/Im=임, Han=한, Oh/O=오, Seo/Suh=서, Shin/Sin=신, Kwon/Gwon=권, Hwang=황, Ahn/An=안, Song=송, Ryu/Yoo=류, Hong=홍, Jeon/Chun=전,
            Ko/Go=고, Moon/Mun=문, Yang=양, Son/Sohn=손, Bae/Pae=배, Baek/Paik=백, Heo/Hur=허, Nam=남, Noh/Roh=노, Ha=하, Kwak/Gwak=곽, Sung/Seong=성"""
        ),
        family_first=True,
    ),
    "hebrew": Script(
        "IL",
        "+97252xxxxxxx",
        _spelt(
            """Yosef/Joseph=יוסף, Moshe/Moses=משה, David=דוד, Avraham/Abraham=אברהם, Yitzhak/Itzhak=יצחק, Yaakov/Jacob=יעקב, Shlomo/Solomon=שלמה,
            Daniel=דניאל, Michael/Mikhael=מיכאל, Haim/Chaim=חיים, Eli/Eliyahu=אליהו, Shmuel/Samuel=שמואל, Yehuda/Jehuda=יהודה, Amir=אמיר,
            Gil=גיל, Nadav=נדב, Eyal=אייל, Tomer=תומר, Omer=עומר, Rachel/Rahel=רחל, Sarah/Sara=שרה, Miriam=מרים, Leah/Lea=לאה, Esther/Ester=אסתר,
            Hannah/Chana=חנה, Rivka/Rebecca=רבקה, Tamar=תמר, Noa=נועה, Yael=יעל, Michal=מיכל, Orna=אורנה, Shira=שירה, Galit=גלית, Ruth=רות"""
        ),
        _spelt(
            """Cohen/Kohen=כהן, Levi/Levy=לוי, Mizrahi/Mizrachi=מזרחי, Peretz/Perez=פרץ, Biton/Bitton=ביטון, Dahan=דהן, Avraham=אברהם, Friedman/Fridman=פרידמן,
            Malka=מלכה, Azoulay/Azulai=אזולאי, Katz/Kats=כץ, Yosef=יוסף, David=דוד, Amar=עמר, Ohayon/Ochayon=אוחיון, Hadad/Haddad=חדד, Gabay/Gabbai=גבאי,
            Adler=אדלר, Shapira/Shapiro=שפירא, Goldberg=גולדברג, Segal=סגל, Barak=ברק, Golan=גולן, Shalom=שלום, Ben-David=בן דוד, Bar-Lev=בר לב,
            Weizman/Weitzman=ויצמן, Rosenberg=רוזנברג, Klein=קליין, Stern/Shtern=שטרן, Sasson=ששון, Tal=טל, Elbaz=אלבז, Navon=נבון"""
        ),
    ),
    "thai": Script(
        "TH",
        "+6681xxxxxxx",
        _spelt(
            """Somchai=สมชาย, Somsak=สมศักดิ์, Prasert=ประเสริฐ, Wichai/Vichai=วิชัย, Suchart/Suchat=สุชาติ, Sompong=สมพงษ์, Narong=ณรงค์, Anan/Anant=อนันต์,
            Thawat/Tawat=ธวัช, Kittisak=กิตติศักดิ์, Prayut/Prayuth=ประยุทธ์, Chai=ชัย, Manop=มานพ, Somying=สมหญิง, Siriporn=ศิริพร, Wanida=วนิดา,
            Malee/Mali=มาลี, Ratana/Rattana=รัตนา, Pornthip/Porntip=พรทิพย์, Suda=สุดา, Supaporn=สุภาพร, Nongnuch=นงนุช, Kanya=กัญญา, Pranee=ปราณี,
            Arunee=อรุณี, Somboon=สมบูรณ์, Nattapong=ณัฐพงษ์, Apichat/Aphichat=อภิชาติ, Sunee=สุนีย์, Wipa/Vipa=วิภา"""
        ),
        _spelt(
            """Jaidee=ใจดี, Saetang/Sae-Tang=แซ่ตั้ง, Sukjai=สุขใจ, Thongdee/Tongdee=ทองดี, Rattanakul=รัตนกุล, Srisai=ศรีใส, Wongsakul/Vongsakul=วงศ์สกุล,
            Phromma/Promma=พรหมมา, Chaiyasit=ไชยสิทธิ์, Boonmee/Bunmi=บุญมี, Kaewmanee=แก้วมณี, Suwannarat=สุวรรณรัตน์, Intharat=อินทรัตน์, Meesuk=มีสุข,
            Saelee/Sae-Lee=แซ่ลี้, Panya=ปัญญา, Thepsuwan=เทพสุวรรณ, Charoensuk=เจริญสุข, Yodrak=ยอดรัก, Duangdee=ดวงดี, Kongkaew=คงแก้ว, Nakorn=นคร,
            Phongphan=พงษ์พันธ์, Sombat=สมบัติ, Tantrakul=ตันตระกูล, Maneerat=มณีรัตน์, Limsakul=ลิ้มสกุล, Khamsing/Kamsing=คำสิงห์, Promsri=พรหมศรี, Khunthong=ขุนทอง"""
        ),
    ),
    "hindi": Script(
        "IN",
        "+9198xxxxxxxx",
        _spelt(
            """Amit=अमित, Rajesh=राजेश, Sanjay=संजय, Vijay=विजय, Sunil/Suneel=सुनील, Anil=अनिल, Suresh=सुरेश, Ramesh=रमेश, Manoj=मनोज, Vikram/Bikram=विक्रम,
            Rahul=राहुल, Deepak/Dipak=दीपक, Ashok=अशोक, Krishna=कृष्ण, Pradeep/Pradip=प्रदीप, Rakesh=राकेश, Mahesh=महेश, Arjun=अर्जुन, Naveen/Navin=नवीन,
            Priya=प्रिया, Pooja/Puja=पूजा, Neha=नेहा, Sunita/Suneeta=सुनीता, Anita=अनीता, Kavita/Kavitha=कविता, Lakshmi/Laxmi=लक्ष्मी, Savita/Savitha=सविता,
            Geeta/Gita=गीता, Meena/Mina=मीना, Rekha=रेखा, Divya=दिव्या, Swati/Swathi=स्वाति, Shanti/Shanthi=शांति, Radha=राधा, Asha=आशा"""
        ),
        _spelt(
            """Sharma=शर्मा, Verma/Varma=वर्मा, Gupta=गुप्ता, Singh=सिंह, Kumar=कुमार, Mishra/Misra=मिश्रा, Pandey/Pande=पांडे, Yadav=यादव, Tiwari/Tewari=तिवारी,
            Joshi=जोशी, Chauhan/Chouhan=चौहान, Agarwal/Aggarwal=अग्रवाल, Jain=जैन, Mehta=मेहता, Shah=शाह, Patel=पटेल, Desai=देसाई, Kulkarni=कुलकर्णी,
            Deshmukh=देशमुख, Patil=पाटिल, Rathore/Rathod=राठौर, Saxena=सक्सेना, Srivastava/Shrivastav=श्रीवास्तव, Chaturvedi=चतुर्वेदी, Dwivedi=द्विवेदी,
            Trivedi=त्रिवेदी, Dubey/Dube=दुबे, Thakur=ठाकुर, Rawat=रावत, Bhatt=भट्ट, Nair=नायर, Kapoor/Kapur=कपूर, Malhotra=मल्होत्रा, Chopra=चोपड़ा"""
        ),
    ),
    "vietnamese": Script(
        "VN",
        "+8490xxxxxxx",
        _spelt(
            """Van Anh=Vân Anh, Minh Duc=Minh Đức, Thanh Huong=Thanh Hương, Quoc Bao=Quốc Bảo, Thi Hoa=Thị Hoa, Van Hung=Văn Hùng, Duc Thang=Đức Thắng,
            Thi Lan=Thị Lan, Ngoc Anh=Ngọc Ánh, Tuan Anh=Tuấn Anh, Thu Ha=Thu Hà, Hai Yen=Hải Yến, Van Dung=Văn Dũng, Thi Dung=Thị Dung, Quang Huy=Quang Huy,
            Bich Ngoc=Bích Ngọc, Phuong Thao=Phương Thảo, Hoang Long=Hoàng Long, My Linh=Mỹ Linh, Van Tam=Văn Tâm, Thi Tuyet=Thị Tuyết, Cong Vinh=Công Vinh,
            Anh Tuan=Anh Tuấn, Kim Chi=Kim Chi, Xuan Truong=Xuân Trường, Thuy Tien=Thủy Tiên, Dinh Trong=Đình Trọng, Hong Nhung=Hồng Nhung, Gia Huy=Gia Huy, Bao Chau=Bảo Châu"""
        ),
        _spelt(
            """Nguyen=Nguyễn, Tran=Trần, Le=Lê, Pham=Phạm, Hoang=Hoàng, Huynh=Huỳnh, Phan=Phan, Vu=Vũ, Vo=Võ, Dang=Đặng, Bui=Bùi, Do=Đỗ, Ho=Hồ, Ngo=Ngô, Duong=Dương,
            Ly=Lý, Dinh=Đinh, Trinh=Trịnh, Doan=Đoàn, Mai=Mai, Luong=Lương, Cao=Cao, Dao=Đào, Ta=Tạ, Truong=Trương, Lam=Lâm, Quach=Quách, Chau=Châu, To=Tô, Ha=Hà"""
        ),
        family_first=True,
    ),
    "turkish": Script(
        "TR",
        "+90532xxxxxxx",
        _spelt(
            """Isik/Ishik=Işık, Ilgin=Ilgın, Ismail=İsmail, Omer/Oemer=Ömer, Gokhan/Goekhan=Gökhan, Cagri/Chagri=Çağrı, Sukru=Şükrü, Ozgur/Oezguer=Özgür, Yigit=Yiğit,
            Ibrahim=İbrahim, Huseyin=Hüseyin, Suleyman=Süleyman, Ali Riza=Ali Rıza, Baris=Barış, Ugur=Uğur, Tugba=Tuğba, Ayse/Ayshe=Ayşe, Gulsen=Gülşen, Cigdem=Çiğdem,
            Sule=Şule, Ozlem=Özlem, Isil=Işıl, Nese=Neşe, Gonul=Gönül, Zubeyde=Zübeyde, Kivanc=Kıvanç, Dogan=Doğan, Tulay=Tülay, Elif=Elif, Emre=Emre"""
        ),
        _spelt(
            """Yilmaz=Yılmaz, Celik=Çelik, Sahin=Şahin, Ozturk/Oeztuerk=Öztürk, Yildiz=Yıldız, Aydin=Aydın, Kilic=Kılıç, Cetin=Çetin, Ozdemir=Özdemir, Simsek=Şimşek,
            Gunes/Guenes=Güneş, Bulut=Bulut, Kaplan=Kaplan, Akin=Akın, Yigit=Yiğit, Gul=Gül, Cakir=Çakır, Turkmen=Türkmen, Erdogan=Erdoğan, Koc=Koç, Balci=Balcı,
            Agaoglu=Ağaoğlu, Cinar=Çınar, Ciftci=Çiftçi, Gokce=Gökçe, Soylu=Soylu, Tas=Taş, Sari=Sarı, Kose=Köse, Ates=Ateş"""
        ),
    ),
}

KANA = dict(
    entry.split("=")
    for entry in [
        "太郎=タロウ",
        "健=ケン",
        "花子=ハナコ",
        "裕子=ユウコ",
        "恵子=ケイコ",
        "直樹=ナオキ",
        "誠=マコト",
        "大輔=ダイスケ",
        "愛=アイ",
        "陽子=ヨウコ",
        "明美=アケミ",
        "翔太=ショウタ",
        "美咲=ミサキ",
        "和夫=カズオ",
        "浩=ヒロシ",
        "隆=タカシ",
        "純=ジュン",
        "由美=ユミ",
        "智子=トモコ",
        "拓也=タクヤ",
        "健二=ケンジ",
        "恵美=エミ",
        "遥=ハルカ",
        "亮太=リョウタ",
        "聡=サトシ",
        "真由美=マユミ",
        "浩二=コウジ",
        "彩=アヤ",
        "恵=メグミ",
        "真二=シンジ",
        "田中=タナカ",
        "鈴木=スズキ",
        "佐藤=サトウ",
        "高橋=タカハシ",
        "伊藤=イトウ",
        "渡辺=ワタナベ",
        "山本=ヤマモト",
        "中村=ナカムラ",
        "小林=コバヤシ",
        "加藤=カトウ",
        "吉田=ヨシダ",
        "山田=ヤマダ",
        "佐々木=ササキ",
        "松本=マツモト",
        "井上=イノウエ",
        "木村=キムラ",
        "林=ハヤシ",
        "清水=シミズ",
        "森=モリ",
        "阿部=アベ",
        "池田=イケダ",
        "橋本=ハシモト",
        "石川=イシカワ",
        "小川=オガワ",
        "後藤=ゴトウ",
        "岡田=オカダ",
        "長谷川=ハセガワ",
        "藤田=フジタ",
        "村上=ムラカミ",
        "近藤=コンドウ",
    ]
)
"""Names of the Japanese table as people write them above the ideographs, for whoever can not read those."""

HUNGARIAN = (
    [
        "Gábor",
        "Zsófia",
        "István",
        "Katalin",
        "László",
        "Erzsébet",
        "Attila",
        "Ágnes",
        "Sándor",
        "Mária",
        "Balázs",
        "Réka",
        "Ferenc",
        "Ildikó",
        "Zoltán",
        "Éva",
        "Péter",
        "Judit",
        "Tamás",
        "Anikó",
        "Gergő",
        "Dóra",
    ],
    [
        "Nagy",
        "Kovács",
        "Tóth",
        "Szabó",
        "Horváth",
        "Varga",
        "Kiss",
        "Molnár",
        "Németh",
        "Farkas",
        "Balogh",
        "Papp",
        "Takács",
        "Juhász",
        "Lakatos",
        "Mészáros",
        "Oláh",
        "Simon",
        "Rácz",
        "Fekete",
        "Szilágyi",
        "Török",
    ],
)
DUTCH = (
    [
        "Jan",
        "Pieter",
        "Kees",
        "Willem",
        "Sanne",
        "Anouk",
        "Femke",
        "Daan",
        "Lotte",
        "Bram",
        "Jeroen",
        "Marieke",
        "Thijs",
        "Fleur",
        "Ruben",
        "Esmee",
        "Wouter",
        "Iris",
        "Sander",
        "Maud",
    ],
    [
        "van der Berg",
        "de Vries",
        "van Dijk",
        "Bakker",
        "Jansen",
        "van den Heuvel",
        "de Boer",
        "Visser",
        "van Leeuwen",
        "ter Horst",
        "van 't Hof",
        "de Groot",
        "van der Meer",
        "Smit",
        "ten Brink",
        "van de Ven",
        "op den Kamp",
        "Dekker",
        "van Vliet",
        "in 't Veld",
    ],
)
PORTUGUESE = (
    [
        "João",
        "Maria",
        "José",
        "Ana Paula",
        "Luís Carlos",
        "Antônio",
        "Francisca",
        "Conceição",
        "Inês",
        "Tomás",
        "Fábio",
        "Letícia",
        "Vinícius",
        "Flávia",
        "Sérgio",
        "Márcia",
        "Lúcia",
        "André",
        "Renata",
        "Cláudio",
    ],
    [
        "Silva",
        "Santos",
        "Oliveira",
        "Souza",
        "Lima",
        "Pereira",
        "Ferreira",
        "Alves",
        "Costa",
        "Gonçalves",
        "Araújo",
        "Ribeiro",
        "Carvalho",
        "Magalhães",
        "Conceição",
        "Simões",
        "Guimarães",
        "Assunção",
        "Leitão",
        "Falcão",
    ],
)
INDONESIAN = [
    "Sukarno",
    "Suharto",
    "Widodo",
    "Budi",
    "Sutrisno",
    "Wahyuni",
    "Slamet",
    "Supriyadi",
    "Sulastri",
    "Joko",
    "Suryani",
    "Hartono",
    "Mulyani",
    "Sugiarto",
    "Ningsih",
    "Rahmawati",
    "Sutarjo",
    "Wijaya",
    "Kartini",
    "Susanto",
    "Lestari",
    "Purnomo",
    "Handayani",
    "Setiawan",
    "Yuliana",
    "Prasetyo",
    "Utami",
    "Gunawan",
    "Suparman",
    "Sumiati",
    "Santoso",
    "Maryati",
    "Hidayat",
    "Fatimah",
    "Saputra",
    "Astuti",
]
ICELANDIC = (
    [
        "Þór",
        "Guðrún",
        "Jón",
        "Sigríður",
        "Ólafur",
        "Kristín",
        "Björn",
        "Helga",
        "Páll",
        "Ásta",
        "Sigurður",
        "Þóra",
        "Magnús",
        "Ingibjörg",
        "Einar",
        "Björk",
        "Hjörtur",
        "Sólveig",
        "Þorsteinn",
        "Ragnheiður",
    ],
    [
        "Jón",
        "Þór",
        "Sigurð",
        "Ólaf",
        "Björn",
        "Páls",
        "Magnús",
        "Einars",
        "Gunnar",
        "Kristján",
        "Guðmund",
        "Þorstein",
        "Hall",
        "Ragnars",
        "Stefáns",
        "Árna",
        "Bjarna",
        "Helga",
    ],
)
CZECH = (
    [
        "Jiří",
        "Jan",
        "Petr",
        "Tomáš",
        "Zdeněk",
        "Václav",
        "Miloš",
        "Řehoř",
        "Ondřej",
        "Štěpán",
        "Kateřina",
        "Lucie",
        "Hana",
        "Věra",
        "Alžběta",
        "Božena",
        "Žaneta",
        "Jiřina",
        "Světlana",
        "Růžena",
    ],
    [
        "Novák",
        "Svoboda",
        "Dvořák",
        "Černý",
        "Procházka",
        "Kučera",
        "Veselý",
        "Horák",
        "Němec",
        "Pokorný",
        "Marek",
        "Hájek",
        "Jelínek",
        "Růžička",
        "Beneš",
        "Fiala",
        "Sedláček",
        "Doležal",
        "Zeman",
        "Kolář",
    ],
)

"""Surnames of the Cyrillic table are of the kind that does not change with sex."""
