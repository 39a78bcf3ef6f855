"""Maven, Gradle, javac, and a JVM without memory. Plugins and libraries are Debian's; nothing is fetched."""

from __future__ import annotations

from case import Case

OURS = {"changed": ["src/main/java/shop/Cart.java", "src/test/java/shop/CartTest.java", "pom.xml", "build.gradle"], "base": "green"}
_JAVA = {"src/main/java/shop/Cart.java": "package shop;\n\npublic class Cart {\n    public int total(int... prices) {\n        int sum = 1;\n        for (int p : prices) sum += p;\n        return sum;\n    }\n\n    public int discount(int price, int percent) {\n        if (percent > 100) throw new IllegalArgumentException(\"percent out of range: \" + percent);\n        return price * (100 - percent) / 100;\n    }\n}\n"}
_TEST = {"src/test/java/shop/CartTest.java": "package shop;\n\nimport static org.junit.Assert.assertEquals;\nimport org.junit.Test;\n\npublic class CartTest {\n    @Test\n    public void addsPrices() {\n        assertEquals(3, new Cart().total(1, 2));\n    }\n\n    @Test\n    public void takesADiscount() {\n        new Cart().discount(1, 120);\n    }\n\n    @Test\n    public void isFine() {\n        System.err.println(\"ERROR: 0 failures\");\n    }\n}\n"}
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId><artifactId>shop</artifactId><version>1.0</version>
  <properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
  <build><plugins>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.0</version></plugin>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.10.1</version></plugin>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>2.22.3</version></plugin>
  </plugins></build>
  <dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope></dependency>MORE</dependencies>
</project>
"""
_GRADLE = "apply plugin: 'java'\nsourceCompatibility = 11\ndependencies {\n    testCompile files('/usr/share/java/junit4.jar', '/usr/share/java/hamcrest-all.jar')\n}\n"
MVN = "mvn -B -o -ntp -Dmaven.repo.local=/usr/share/maven-repo"
GRADLE = "gradle --no-daemon --offline --console plain"


def maven(name: str, key: str, *places: str, more_files: dict[str, str] | None = None, pom: str = "", **more: object) -> Case:
    files = _JAVA | _TEST | {"pom.xml": _POM.replace("MORE", pom)} | (more_files or {})
    given = {"tool": "maven", "cause": "test", "facts": OURS, "verdict": "ours", "run": f"{MVN} test", "step": "Test with Maven"} | more
    return Case(name=f"maven-{name}", key=key, places=places, files=files, **given)  # type: ignore[arg-type]


def gradle(name: str, key: str, *places: str, more_files: dict[str, str] | None = None, build: str = _GRADLE, **more: object) -> Case:
    files = _JAVA | _TEST | {"build.gradle": build} | (more_files or {})
    env = {"JAVA_TOOL_OPTIONS": "", "GRADLE_USER_HOME": "/tmp/gradle-home"}
    given = {"tool": "gradle", "cause": "test", "facts": OURS, "verdict": "ours", "run": f"{GRADLE} test", "step": "Build with Gradle", "env": env} | more
    return Case(name=f"gradle-{name}", key=key, places=places, files=files, **given)  # type: ignore[arg-type]


_BROKEN = {"src/main/java/shop/Cart.java": _JAVA["src/main/java/shop/Cart.java"].replace("return sum;", "return summ;")}
_OOM = "class Full {\n    public static void main(String[] a) {\n        java.util.List<int[]> all = new java.util.ArrayList<>();\n        while (true) all.add(new int[100_000]);\n    }\n}\n"
CASES = (
    maven("test", "expected:<3> but was:<4>", "src/test/java/shop/CartTest.java:9"),
    maven("compile", "cannot find symbol", "src/main/java/shop/Cart.java:7", more_files=_BROKEN, cause="compile"),
    maven("test-compile", "cannot find symbol", "src/test/java/shop/CartTest.java:9", more_files={"src/test/java/shop/CartTest.java": _TEST["src/test/java/shop/CartTest.java"].replace("new Cart().total", "new Basket().total")}, cause="compile"),
    maven("missing-dependency", "shop:basket:jar:9.9", cause="dependency", pom="<dependency><groupId>shop</groupId><artifactId>basket</artifactId><version>9.9</version></dependency>"),
    maven("bad-pom", "Non-readable POM", more_files={"pom.xml": "<project><modelVersion>4.0.0</modelVersion>\n<oops>\n"}, cause="usage"),
    gradle("test", "AssertionError", "src/test/java/shop/CartTest.java:9", "src/test/java/shop/CartTest.java:14"),
    gradle("compile", "cannot find symbol", "src/main/java/shop/Cart.java:7", more_files=_BROKEN, cause="compile"),
    gradle("script", "Could not find method dependenzies()", "build.gradle:3", build=_GRADLE.replace("dependencies", "dependenzies"), cause="usage"),
    gradle("missing-dependency", "Could not resolve all files for configuration", build="apply plugin: 'java'\nrepositories { maven { url 'repo' } }\ndependencies {\n    compile 'shop:basket:9.9'\n}\n", cause="dependency"),
    gradle("no-task", "Task 'biuld' not found", run=f"{GRADLE} biuld", cause="usage"),
    Case(name="javac", tool="javac", cause="compile", key="cannot find symbol", places=("src/main/java/shop/Cart.java:7",), run="javac -d out src/main/java/shop/Cart.java", files=_BROKEN, facts=OURS, verdict="ours", step="Build"),
    Case(name="java-heap", tool="java", cause="memory", key="java.lang.OutOfMemoryError", run="java -Xmx24m Full.java", files={"Full.java": _OOM}, facts={"changed": ["README.md"]}, verdict="infrastructure", step="Run"),
    Case(name="java-exception", tool="java", cause="crash", key="no assets today", places=("Shop.java:3",), run="java Shop.java", files={"Shop.java": "class Shop {\n    public static void main(String[] a) {\n        throw new IllegalStateException(\"no assets today\");\n    }\n}\n"}, facts={"changed": ["Shop.java"], "base": "green"}, verdict="ours", step="Run"),
)
