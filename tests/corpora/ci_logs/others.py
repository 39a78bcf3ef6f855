"""RSpec, PHPUnit; and dotnet, which cannot be installed where this was made: written by hand, not scored."""

from __future__ import annotations

from case import Case

OURS = {"changed": ["spec/cart_spec.rb", "lib/cart.rb", "tests/CartTest.php", "src/Cart.php", "src/Shop/Cart.cs", "tests/CartTests.cs"], "base": "green"}
_RUBY = {"lib/cart.rb": "class Cart\n  def total(prices)\n    prices.sum + 1\n  end\n\n  def discount(price, percent)\n    raise ArgumentError, \"percent out of range: #{percent}\" if percent > 100\n    price * (100 - percent) / 100\n  end\nend\n", ".rspec": "--require ./lib/cart\n"}
_SPEC = "RSpec.describe Cart do\n  it 'adds prices' do\n    expect(Cart.new.total([1, 2])).to eq(3)\n  end\n\n  it 'takes a discount' do\n    Cart.new.discount(1, 120)\n  end\n\n  it 'is fine' do\n    puts 'ERROR: 0 failures'\n  end\nend\n"
_PHP = {"src/Cart.php": "<?php\nclass Cart {\n    public function total(array $prices): int { return array_sum($prices) + 1; }\n    public function discount(int $price, int $percent): int {\n        if ($percent > 100) {\n            throw new RangeException(\"percent out of range: $percent\");\n        }\n        return intdiv($price * (100 - $percent), 100);\n    }\n}\n"}
_PHPTEST = "<?php\nuse PHPUnit\\Framework\\TestCase;\nrequire_once __DIR__ . '/../src/Cart.php';\n\nfinal class CartTest extends TestCase {\n    public function testTotal(): void {\n        $this->assertSame(3, (new Cart)->total([1, 2]));\n    }\n    public function testDiscount(): void {\n        (new Cart)->discount(1, 120);\n        $this->assertTrue(true);\n    }\n    public function testFine(): void { $this->assertTrue(true); }\n}\n"


def ruby(name: str, spec: str, key: str, *places: str, **more: object) -> Case:
    given = {"tool": "rspec", "cause": "test", "facts": OURS, "verdict": "ours", "run": "rspec", "step": "Specs"} | more
    return Case(name=name, key=key, places=places, files=_RUBY | {"spec/cart_spec.rb": spec}, **given)  # type: ignore[arg-type]


def php(name: str, test: str, key: str, *places: str, **more: object) -> Case:
    given = {"tool": "phpunit", "cause": "test", "facts": OURS, "verdict": "ours", "run": "phpunit tests", "step": "Unit tests"} | more
    return Case(name=name, key=key, places=places, files=_PHP | {"tests/CartTest.php": test}, **given)  # type: ignore[arg-type]


def dotnet(name: str, key: str, cause: str, *lines: str) -> Case:
    return Case(name=name, key=key, cause=cause, tool="dotnet", run="dotnet test", step="Test", facts=OURS, verdict="ours", lines=lines, exit_code=1, scored=False)


CASES = (
    ruby("rspec-several", _SPEC, "expected: 3", "spec/cart_spec.rb:3", "lib/cart.rb:7"),
    ruby("rspec-documentation", _SPEC, "expected: 3", "spec/cart_spec.rb:3", run="rspec --format documentation", same_as="rspec-several"),
    ruby("rspec-one", _SPEC.replace("to eq(3)", "to eq(5)").replace("120", "10"), "expected: 5", "spec/cart_spec.rb:3"),
    ruby("rspec-load", "require 'basket'\n", "cannot load such file -- basket", "spec/cart_spec.rb:1", cause="import"),
    ruby("rspec-syntax", "RSpec.describe Cart do\n  it 'a' do\nend\n", "syntax error", "spec/cart_spec.rb:3", cause="syntax"),
    ruby("rspec-name-error", "RSpec.describe Cart do\n  let(:cart) { Basket.new }\n  it('a') { cart.total([]) }\nend\n", "uninitialized constant Basket", "spec/cart_spec.rb:2"),
    php("phpunit-several", _PHPTEST, "Failed asserting that 4 is identical to 3", "tests/CartTest.php:7", "src/Cart.php:6"),
    php("phpunit-testdox", _PHPTEST, "Failed asserting that 4 is identical to 3", "tests/CartTest.php:7", run="phpunit --testdox tests"),
    php("phpunit-colour", _PHPTEST, "Failed asserting that 4 is identical to 3", "tests/CartTest.php:7", run="phpunit --colors=always tests", same_as="phpunit-several"),
    php("phpunit-parse", _PHPTEST.replace("$this->assertSame(3", "$this->assertSame(3 3"), "syntax error, unexpected", "tests/CartTest.php:7", cause="syntax"),
    php("phpunit-class-missing", _PHPTEST.replace("new Cart)", "new Basket)"), 'Class "Basket" not found', "tests/CartTest.php:7"),
    php("phpunit-risky", "<?php\nuse PHPUnit\\Framework\\TestCase;\nfinal class CartTest extends TestCase {\n    public function testNothing(): void {}\n}\n", "This test did not perform any assertions", "tests/CartTest.php:4", run="phpunit --fail-on-risky tests"),
    dotnet("dotnet-test-failed", "Assert.Equal() Failure", "test", "  Determining projects to restore...", "  Shop -> /home/runner/work/shop/shop/src/Shop/bin/Debug/net8.0/Shop.dll", "Starting test execution, please wait...", "A total of 1 test files matched the specified pattern.", "[xUnit.net 00:00:00.52]     Shop.Tests.CartTests.AddsPrices [FAIL]", "  Failed Shop.Tests.CartTests.AddsPrices [4 ms]", "  Error Message:", "   Assert.Equal() Failure: Values differ", "Expected: 3", "Actual:   4", "  Stack Trace:", "     at Shop.Tests.CartTests.AddsPrices() in /home/runner/work/shop/shop/tests/CartTests.cs:line 12", "", "Failed!  - Failed:     1, Passed:     2, Skipped:     0, Total:     3, Duration: 9 ms - Shop.Tests.dll (net8.0)"),
    dotnet("dotnet-build-failed", "error CS0103", "compile", "  Determining projects to restore...", "##[error]/home/runner/work/shop/shop/src/Shop/Cart.cs(7,16): error CS0103: The name 'summ' does not exist in the current context [/home/runner/work/shop/shop/src/Shop/Shop.csproj]", "", "Build FAILED.", "", "/home/runner/work/shop/shop/src/Shop/Cart.cs(7,16): error CS0103: The name 'summ' does not exist in the current context [/home/runner/work/shop/shop/src/Shop/Shop.csproj]", "    0 Warning(s)", "    1 Error(s)"),
    dotnet("dotnet-restore-failed", "NU1101", "dependency", "  Determining projects to restore...", "/home/runner/work/shop/shop/src/Shop/Shop.csproj : error NU1101: Unable to find package Shop.Nobody. No packages exist with this id in source(s): nuget.org", "  Failed to restore /home/runner/work/shop/shop/src/Shop/Shop.csproj (in 1.2 sec)."),
)
