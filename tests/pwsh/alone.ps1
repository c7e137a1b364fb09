# The module without the assembly that makes sessions of PowerShell's own kind.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

Check 'New-PSSession is PowerShell''s own, and says why in one verbose line' {
    $parameters = @{ ConfigurationName = 'Microsoft.Exchange'; ConnectionUri = $env:EXO_LAB_URL; Credential = Get-LabCredential; Authentication = 'Basic' }
    $said = [System.Collections.Generic.List[object]]::new()
    $own = Get-Failure { New-PSSession @parameters -Verbose 4>&1 | ForEach-Object { $said.Add($_) } }
    $stock = Get-Failure { Microsoft.PowerShell.Core\New-PSSession @parameters }
    Assert-Equal $said.Count 1 'lines'
    Assert-Like "$said" "New-PSSession is PowerShell's own. The module has no ExchangeOnlineManagement.Sessions.dll*"
    Assert-Equal "$own" "$stock" 'the error'
}

Check 'connections work over REST' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; WarningAction = 'Ignore' }
    Assert-Equal @(Get-Mailbox -ResultSize 3 -WarningAction Ignore).Count 3
    Assert-Equal @(Get-EXOMailbox -ResultSize 3).Count 3
    Disconnect-Lab
}

Check 'connections over remote PowerShell work, and one verbose line says that they are not listed' {
    $said = @(Connect-Lab @{ UseRPSSession = $true; WarningAction = 'Ignore'; Verbose = $true } 4>&1) -like '*Get-PSSession*'
    Assert-Equal $said.Count 1 'lines'
    Assert-Like "$said" 'ExchangeOnline_2 is not in Get-PSSession. The module has no *'
    Assert-Equal @(Get-PSSession).Count 0
    Assert-Equal @(Get-Mailbox -ResultSize 3 -WarningAction Ignore).Count 3
    Disconnect-Lab
    Assert-Equal @(Get-ConnectionInformation).Count 0
}

Check 'New-PSSessionOption has the parameters of Windows' {
    $option = New-PSSessionOption -IdleTimeout 900000 -ProxyAccessType NoProxyServer -SkipRevocationCheck
    Assert-Equal $option.IdleTimeout.TotalMinutes 15.0
}

Complete
