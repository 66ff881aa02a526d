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
}
"""Surnames of the Cyrillic table are of the kind that does not change with sex."""
